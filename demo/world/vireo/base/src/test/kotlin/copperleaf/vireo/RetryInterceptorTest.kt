package copperleaf.vireo

import java.io.IOException
import java.time.Duration
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class RetryInterceptorTest {

    private val pauses = mutableListOf<Duration>()

    private fun client(transport: Transport, attempts: Int = 3) =
        Client(transport, listOf(RetryInterceptor(maxAttempts = attempts, pause = { pauses += it })))

    @Test
    fun `returns the first good answer`() {
        val transport = FakeTransport(answer(503), answer(200, "ready"))
        assertEquals("ready", client(transport).get("https://a.example/").text())
        assertEquals(listOf(Duration.ofMillis(200)), pauses)
    }

    @Test
    fun `gives the last answer back when the attempts are spent`() {
        val transport = FakeTransport(answer(503))
        assertEquals(503, client(transport).get("https://a.example/").status)
        assertEquals(3, transport.seen.size)
    }

    @Test
    fun `rethrows the last connection failure`() {
        val transport = FakeTransport({ throw IOException("refused") })
        assertFailsWith<IOException> { client(transport, attempts = 2).get("https://a.example/") }
        assertEquals(2, transport.seen.size)
    }
}
