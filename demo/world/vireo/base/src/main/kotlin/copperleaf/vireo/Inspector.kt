package copperleaf.vireo

import java.time.Clock
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList

/** Remembers every exchange and shows them on one HTML page. Meant for development, not for production. */
class Inspector(private val clock: Clock = Clock.systemUTC()) : Interceptor {

    private class Exchange(val at: Instant, val request: Request, val status: Int, val millis: Long)

    private val exchanges = CopyOnWriteArrayList<Exchange>()

    override fun intercept(chain: Chain): Response {
        val started = clock.instant()
        val response = chain.proceed()
        val millis = clock.millis() - started.toEpochMilli()
        exchanges.add(Exchange(started, chain.request, response.status, millis))
        return response
    }

    fun writeHtml(out: Appendable) {
        val rows = exchanges.joinToString("\n") { row(it) }
        out.append(resource("page.html").replace("{{style}}", resource("style.css")).replace("{{rows}}", rows))
    }

    private fun row(exchange: Exchange): String {
        val slow = if (exchange.millis >= SLOW_MILLIS) " class=\"slow\"" else ""
        val cells = listOf(exchange.at, exchange.request.method, exchange.request.uri, exchange.status, exchange.millis)
        return cells.joinToString("", "<tr$slow>", "</tr>") { "<td>${escape(it.toString())}</td>" }
    }

    private fun escape(text: String) =
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;")

    private fun resource(name: String): String =
        checkNotNull(Inspector::class.java.getResource("/inspector/$name")) { "no resource $name" }.readText()

    private companion object {
        const val SLOW_MILLIS = 1_000
    }
}
