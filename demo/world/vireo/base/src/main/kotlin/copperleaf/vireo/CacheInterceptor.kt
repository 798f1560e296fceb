package copperleaf.vireo

import java.time.Clock

/** Answers GET requests from a [CacheStore] where the origin allows it. */
class CacheInterceptor(
    private val store: CacheStore,
    private val clock: Clock = Clock.systemUTC(),
) : Interceptor {

    override fun intercept(chain: Chain): Response {
        val request = chain.request
        if (request.method != "GET") return chain.proceed()

        val key = request.uri.toString()
        val cached = store.get(key)
        if (cached != null && cached.isFreshAt(clock.instant())) return cached.toResponse(request)

        val response = chain.proceed(conditional(request, cached))
        if (response.status == 304 && cached != null) {
            response.close()
            val renewed = cached.renewed(response.headers, clock.instant())
            store.put(key, renewed)
            return renewed.toResponse(request)
        }

        val control = CacheControl.parse(response.headers["Cache-Control"])
        if (response.status != 200 || control.noStore) return response
        val entry = CacheEntry(200, response.headers, response.bytes(), clock.instant(), control.maxAge)
        store.put(key, entry)
        return entry.toResponse(request)
    }

    private fun conditional(request: Request, cached: CacheEntry?): Request {
        val tag = cached?.headers?.get("ETag") ?: return request
        return request.copy(headers = request.headers.with("If-None-Match", tag))
    }
}
