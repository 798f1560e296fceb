package mossbank.heron;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What one group of consumers has been handed out and has not acknowledged yet. */
final class ConsumerGroup {
    private final long visibilityMillis;
    private final TreeMap<Long, Long> inFlight = new TreeMap<>(); // offset -> when it may be handed out again
    private long next;

    ConsumerGroup(long committed, long visibilityMillis) {
        this.next = committed;
        this.visibilityMillis = visibilityMillis;
    }

    /** Up to {@code max} offsets below {@code end}: first those whose time is over, then new ones. */
    synchronized List<Long> claim(int max, long end, long now) {
        List<Long> offsets = new ArrayList<>();
        for (Map.Entry<Long, Long> entry : inFlight.entrySet()) {
            if (offsets.size() == max) {
                break;
            }
            if (entry.getValue() <= now) {
                offsets.add(entry.getKey());
            }
        }
        while (offsets.size() < max && next < end) {
            offsets.add(next++);
        }
        for (long offset : offsets) {
            inFlight.put(offset, now + visibilityMillis);
        }
        return offsets;
    }

    /** False if the message is not in flight, for example because it has been acknowledged before. */
    synchronized boolean ack(long offset) {
        return inFlight.remove(offset) != null;
    }

    /** Everything below this offset has been acknowledged. */
    synchronized long committed() {
        return inFlight.isEmpty() ? next : inFlight.firstKey();
    }
}
