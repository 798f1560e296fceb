package copperleaf.vireo

/** An immutable list of header lines in their original order. Names compare without regard to case. */
class Headers private constructor(private val lines: List<Pair<String, String>>) : Iterable<Pair<String, String>> {

    /** The last value of [name], or null. */
    operator fun get(name: String): String? = lines.lastOrNull { it.first.equals(name, ignoreCase = true) }?.second

    operator fun contains(name: String): Boolean = get(name) != null

    /** Every value of [name], in order. */
    fun all(name: String): List<String> = lines.filter { it.first.equals(name, ignoreCase = true) }.map { it.second }

    /** These headers with [name] set to [value] alone. */
    fun with(name: String, value: String): Headers = Headers(without(name).lines + (name to value))

    fun without(name: String): Headers = Headers(lines.filterNot { it.first.equals(name, ignoreCase = true) })

    /** These headers with every line of [newer] in place of the lines of the same name. */
    fun updatedBy(newer: Headers): Headers {
        val kept = lines.filterNot { it.first in newer }
        return Headers(kept + newer.lines)
    }

    override fun iterator(): Iterator<Pair<String, String>> = lines.iterator()

    override fun toString(): String = lines.joinToString("\n") { (name, value) -> "$name: $value" }

    companion object {
        val EMPTY = Headers(emptyList())

        fun of(vararg lines: Pair<String, String>): Headers = Headers(lines.toList())

        fun of(lines: List<Pair<String, String>>): Headers = Headers(lines.toList())
    }
}
