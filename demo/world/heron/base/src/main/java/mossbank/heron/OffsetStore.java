package mossbank.heron;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;

/** Remembers across restarts how far every group of one queue has got. */
final class OffsetStore {
    private final Path file;
    private final Properties values = new Properties();

    OffsetStore(Path file) throws IOException {
        this.file = file;
        if (Files.exists(file)) {
            try (Reader in = Files.newBufferedReader(file)) {
                values.load(in);
            }
        }
    }

    synchronized long load(String group) {
        return Long.parseLong(values.getProperty(group, "0"));
    }

    synchronized void save(String group, long committed) throws IOException {
        values.setProperty(group, Long.toString(committed));
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        try (Writer out = Files.newBufferedWriter(draft)) {
            values.store(out, null);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
