package copperleaf.vireo

/** Answers from a script and remembers what it was asked. */
class FakeTransport(private vararg val script: (Request) -> Response) : Transport {

    val seen = mutableListOf<Request>()

    override fun execute(request: Request): Response {
        seen += request
        return script[minOf(seen.size, script.size) - 1](request)
    }
}

fun answer(status: Int, body: String = "", vararg headers: Pair<String, String>): (Request) -> Response =
    { Response(it, status, Headers.of(*headers), body.toByteArray()) }
