package mossbank.heron;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** One queue: a log of messages and the groups that read it. */
public final class MessageQueue implements Closeable {
    private final MessageLog log;
    private final OffsetStore offsets;
    private final Map<String, ConsumerGroup> groups = new ConcurrentHashMap<>();
    private final Duration visibility;
    private final Clock clock;

    MessageQueue(Path folder, Duration visibility, Clock clock) throws IOException {
        Files.createDirectories(folder);
        this.log = new MessageLog(folder.resolve("messages.log"));
        this.offsets = new OffsetStore(folder.resolve("offsets.properties"));
        this.visibility = visibility;
        this.clock = clock;
    }

    /** Stores a message and returns its offset. */
    public long publish(byte[] body) throws IOException {
        return log.append(body, clock.millis());
    }

    /** Hands out up to {@code max} messages; each has to be acknowledged or it will be handed out again. */
    public List<Message> poll(String group, int max) throws IOException {
        List<Message> messages = new ArrayList<>();
        for (long offset : group(group).claim(max, log.end(), clock.millis())) {
            messages.add(log.read(offset));
        }
        return messages;
    }

    /** False if the group does not hold this message. */
    public boolean ack(String group, long offset) throws IOException {
        ConsumerGroup consumers = group(group);
        if (!consumers.ack(offset)) {
            return false;
        }
        offsets.save(group, consumers.committed());
        return true;
    }

    @Override
    public void close() throws IOException {
        log.close();
    }

    private ConsumerGroup group(String name) {
        return groups.computeIfAbsent(name, key -> new ConsumerGroup(offsets.load(key), visibility.toMillis()));
    }
}
