package mossbank.heron;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** All queues of one data folder. A queue is created when it is first used. */
public final class Broker implements Closeable {
    private final Path data;
    private final Duration visibility;
    private final Clock clock;
    private final Map<String, MessageQueue> queues = new ConcurrentHashMap<>();

    public Broker(Path data, Duration visibility, Clock clock) {
        this.data = data;
        this.visibility = visibility;
        this.clock = clock;
    }

    public MessageQueue queue(String name) {
        return queues.computeIfAbsent(name, this::open);
    }

    @Override
    public void close() throws IOException {
        for (MessageQueue queue : queues.values()) {
            queue.close();
        }
    }

    private MessageQueue open(String name) {
        try {
            return new MessageQueue(data.resolve(name), visibility, clock);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
