package copperleaf.vireo

import java.time.Clock
import java.time.Duration
import java.time.Instant
import java.time.ZoneOffset
import kotlin.test.Test
import kotlin.test.assertEquals

class CacheInterceptorTest {

    private var now = Instant.parse("2023-02-01T10:00:00Z")

    private val clock = object : Clock() {
        override fun instant() = now
        override fun getZone() = ZoneOffset.UTC
        override fun withZone(zone: java.time.ZoneId) = this
    }

    private fun client(transport: Transport) =
        Client(transport, listOf(CacheInterceptor(MemoryCacheStore(), clock)))

    @Test
    fun `answers from the cache while the entry is fresh`() {
        val transport = FakeTransport(answer(200, "one", "Cache-Control" to "max-age=60"))
        val client = client(transport)
        repeat(3) { assertEquals("one", client.get("https://a.example/x").text()) }
        assertEquals(1, transport.seen.size)
    }

    @Test
    fun `revalidates a stale entry with its tag`() {
        val transport = FakeTransport(
            answer(200, "one", "Cache-Control" to "max-age=60", "ETag" to "\"v1\""),
            answer(304, "", "Cache-Control" to "max-age=60"),
        )
        val client = client(transport)
        client.get("https://a.example/x").text()
        now += Duration.ofMinutes(5)
        assertEquals("one", client.get("https://a.example/x").text())
        assertEquals("\"v1\"", transport.seen[1].headers["If-None-Match"])
    }
}
