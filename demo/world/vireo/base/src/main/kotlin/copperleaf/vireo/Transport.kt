package copperleaf.vireo

import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.time.Duration

/** The last step of a chain: puts a request on the wire. */
fun interface Transport {
    fun execute(request: Request): Response
}

/** Sends requests with the HTTP client of the JDK. Redirects are left to the caller. */
class JdkTransport(
    connectTimeout: Duration = Duration.ofSeconds(10),
    private val defaultTimeout: Duration = Duration.ofSeconds(30),
) : Transport {

    private val client = HttpClient.newBuilder()
        .connectTimeout(connectTimeout)
        .followRedirects(HttpClient.Redirect.NEVER)
        .build()

    override fun execute(request: Request): Response {
        val answer = client.send(toJdk(request), BodyHandlers.ofInputStream())
        val headers = Headers.of(answer.headers().map().flatMap { (name, values) -> values.map { name to it } })
        return Response(request, answer.statusCode(), headers, answer.body())
    }

    private fun toJdk(request: Request): HttpRequest {
        val body = request.body?.let { BodyPublishers.ofByteArray(it) } ?: BodyPublishers.noBody()
        val builder = HttpRequest.newBuilder(request.uri)
            .method(request.method, body)
            .timeout(request.timeout ?: defaultTimeout)
        for ((name, value) in request.headers) builder.header(name, value)
        return builder.build()
    }
}
