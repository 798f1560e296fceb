package copperleaf.vireo

import java.io.IOException
import java.time.Duration

/** Tries a request again when the connection fails or the server answers with a transient status. */
class RetryInterceptor(
    private val maxAttempts: Int = 3,
    private val baseDelay: Duration = Duration.ofMillis(200),
    private val maxDelay: Duration = Duration.ofSeconds(10),
    private val pause: (Duration) -> Unit = { Thread.sleep(it.toMillis()) },
) : Interceptor {

    init {
        require(maxAttempts >= 1) { "maxAttempts must be at least 1, not $maxAttempts" }
    }

    override fun intercept(chain: Chain): Response {
        var attempt = 1
        while (true) {
            try {
                val response = chain.proceed()
                if (response.status !in TRANSIENT || attempt >= maxAttempts) return response
            } catch (failure: IOException) {
                if (attempt >= maxAttempts) throw failure
            }
            pause(delayAfter(attempt))
            attempt++
        }
    }

    internal fun delayAfter(attempt: Int): Duration {
        val millis = baseDelay.toMillis() shl (attempt - 1)
        return Duration.ofMillis(minOf(millis, maxDelay.toMillis()))
    }

    private companion object {
        val TRANSIENT = setOf(502, 503, 504)
    }
}
