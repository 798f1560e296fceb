package mossbank.heron;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessageLogTest {
    @TempDir Path folder;

    @Test
    void messagesSurviveReopening() throws IOException {
        Path file = folder.resolve("messages.log");
        try (MessageLog log = new MessageLog(file)) {
            assertEquals(0, log.append("one".getBytes(), 1000));
            assertEquals(1, log.append(new byte[0], 2000));
        }
        try (MessageLog log = new MessageLog(file)) {
            assertEquals(2, log.end());
            assertArrayEquals("one".getBytes(), log.read(0).body());
            assertEquals(2000, log.read(1).storedAt());
            assertEquals(2, log.append("three".getBytes(), 3000));
        }
    }
}
