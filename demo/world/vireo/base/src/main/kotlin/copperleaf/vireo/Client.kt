package copperleaf.vireo

import java.net.URI

/** Sends requests through its interceptors, in order, and then through the transport. */
class Client(
    private val transport: Transport = JdkTransport(),
    private val interceptors: List<Interceptor> = emptyList(),
    private val baseUri: URI? = null,
) {

    fun get(path: String, headers: Headers = Headers.EMPTY): Response =
        send(Request("GET", resolve(path), headers))

    fun post(path: String, body: ByteArray, headers: Headers = Headers.EMPTY): Response =
        send(Request("POST", resolve(path), headers, body))

    fun send(request: Request): Response = Chain(request, interceptors, 0, transport).proceed()

    private fun resolve(path: String): URI = baseUri?.resolve(path) ?: URI(path)
}

/** Sees a request on its way out and the response on its way back. */
fun interface Interceptor {
    fun intercept(chain: Chain): Response
}

/** What is left to run for one request: the remaining interceptors, then the transport. */
class Chain internal constructor(
    val request: Request,
    private val interceptors: List<Interceptor>,
    private val index: Int,
    private val transport: Transport,
) {

    /** Runs the rest of the chain. An interceptor may call this any number of times, with a changed request. */
    fun proceed(request: Request = this.request): Response {
        val next = interceptors.getOrNull(index) ?: return transport.execute(request)
        return next.intercept(Chain(request, interceptors, index + 1, transport))
    }
}
