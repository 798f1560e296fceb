package copperleaf.vireo

import java.io.ByteArrayInputStream
import java.io.Closeable
import java.io.InputStream
import java.net.URI
import java.time.Duration

/** What is sent. A [timeout] of null leaves the decision to the transport. */
data class Request(
    val method: String,
    val uri: URI,
    val headers: Headers = Headers.EMPTY,
    val body: ByteArray? = null,
    val timeout: Duration? = null,
)

/**
 * What came back. The body is a stream that can be read once; a response that is not read to its end must be closed,
 * or its connection stays busy.
 */
class Response(
    val request: Request,
    val status: Int,
    val headers: Headers,
    private val source: InputStream,
) : Closeable {

    constructor(request: Request, status: Int, headers: Headers, body: ByteArray) :
        this(request, status, headers, ByteArrayInputStream(body))

    val isSuccessful: Boolean get() = status in 200..299

    fun stream(): InputStream = source

    fun bytes(): ByteArray = source.use { it.readBytes() }

    fun text(): String = bytes().toString(Charsets.UTF_8)

    override fun close() = source.close()
}
