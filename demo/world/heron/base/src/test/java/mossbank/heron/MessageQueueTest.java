package mossbank.heron;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessageQueueTest {
    @TempDir Path folder;

    private MessageQueue at(int second) throws IOException {
        Clock clock = Clock.fixed(Instant.ofEpochSecond(second), ZoneOffset.UTC);
        return new MessageQueue(folder, Duration.ofSeconds(30), clock);
    }

    private static List<Long> offsets(List<Message> messages) {
        return messages.stream().map(Message::offset).toList();
    }

    @Test
    void everyGroupSeesEveryMessageOnce() throws IOException {
        try (MessageQueue queue = at(0)) {
            queue.publish("a".getBytes());
            queue.publish("b".getBytes());
            assertEquals(List.of(0L), offsets(queue.poll("billing", 1)));
            assertEquals(List.of(1L), offsets(queue.poll("billing", 10)));
            assertEquals(List.of(), offsets(queue.poll("billing", 10)));
            assertEquals(List.of(0L, 1L), offsets(queue.poll("mail", 10)));
        }
    }

    @Test
    void unacknowledgedMessagesComeAgainAfterRestart() throws IOException {
        try (MessageQueue queue = at(0)) {
            for (String body : List.of("a", "b", "c")) {
                queue.publish(body.getBytes());
            }
            queue.poll("billing", 3);
            assertTrue(queue.ack("billing", 0));
            assertFalse(queue.ack("billing", 0));
        }
        try (MessageQueue queue = at(1)) {
            assertEquals(List.of(1L, 2L), offsets(queue.poll("billing", 10)));
        }
    }
}
