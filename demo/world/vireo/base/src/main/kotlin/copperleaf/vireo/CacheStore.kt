package copperleaf.vireo

import java.time.Duration
import java.time.Instant

/** One stored response. */
class CacheEntry(
    val status: Int,
    val headers: Headers,
    val body: ByteArray,
    val storedAt: Instant,
    val maxAge: Duration?,
) {

    fun isFreshAt(now: Instant): Boolean = maxAge != null && now < storedAt + maxAge

    /** This entry after the origin has confirmed it with a 304 that carried [newer] headers. */
    fun renewed(newer: Headers, now: Instant): CacheEntry {
        val headers = headers.updatedBy(newer)
        return CacheEntry(status, headers, body, now, CacheControl.parse(headers["Cache-Control"]).maxAge)
    }

    fun toResponse(request: Request): Response = Response(request, status, headers, body)
}

/** The directives of a Cache-Control header that matter to a private cache. */
class CacheControl(val noStore: Boolean, val maxAge: Duration?) {

    companion object {
        fun parse(header: String?): CacheControl {
            val directives = header.orEmpty().lowercase().split(',').map { it.trim() }
            val maxAge = directives.firstOrNull { it.startsWith("max-age=") }?.substringAfter('=')?.toLongOrNull()
            return CacheControl("no-store" in directives, maxAge?.let { Duration.ofSeconds(it) })
        }
    }
}

/** Where a [CacheInterceptor] keeps its entries. Implementations must be safe for use by several threads. */
interface CacheStore {
    fun get(key: String): CacheEntry?
    fun put(key: String, entry: CacheEntry)
}

/** Keeps the [maxEntries] most recently used entries in memory. */
class MemoryCacheStore(private val maxEntries: Int = 500) : CacheStore {

    private class Slot(val key: String, val entry: CacheEntry, var usedAt: Long)

    private val slots = ArrayList<Slot>()
    private var ticks = 0L

    @Synchronized
    override fun get(key: String): CacheEntry? {
        val slot = slots.firstOrNull { it.key == key } ?: return null
        slot.usedAt = ++ticks
        return slot.entry
    }

    @Synchronized
    override fun put(key: String, entry: CacheEntry) {
        slots.removeIf { it.key == key }
        if (slots.size >= maxEntries) slots.remove(slots.minBy { it.usedAt })
        slots.add(Slot(key, entry, ++ticks))
    }
}
