package mossbank.heron;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * An append-only file of messages. A record is the length of the body, its CRC-32, the time it was stored, and the body.
 * The number of a message is its offset; where it begins in the file is kept in memory.
 */
final class MessageLog implements Closeable {
    private static final int HEADER = 4 + 4 + 8;

    private final Path file;
    private final FileChannel channel;
    private final List<Long> positions = new ArrayList<>();

    MessageLog(Path file) throws IOException {
        this.file = file;
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        index();
    }

    /** Returns the new message's offset once it is on disk. */
    synchronized long append(byte[] body, long now) throws IOException {
        long position = channel.size();
        ByteBuffer record = ByteBuffer.allocate(HEADER + body.length);
        record.putInt(body.length).putInt(checksum(body)).putLong(now).put(body).flip();
        while (record.hasRemaining()) {
            channel.write(record, position + record.position());
        }
        channel.force(false);
        positions.add(position);
        return positions.size() - 1L;
    }

    synchronized Message read(long offset) throws IOException {
        long position = positions.get(Math.toIntExact(offset));
        ByteBuffer header = bytes(position, HEADER);
        byte[] body = new byte[header.getInt()];
        int checksum = header.getInt();
        long storedAt = header.getLong();
        bytes(position + HEADER, body.length).get(body);
        if (checksum(body) != checksum) {
            throw new IOException("message " + offset + " of " + file + " is damaged");
        }
        return new Message(offset, storedAt, body);
    }

    /** The offset that the next message will get. */
    synchronized long end() {
        return positions.size();
    }

    @Override
    public synchronized void close() throws IOException {
        channel.close();
    }

    private void index() throws IOException {
        long position = 0;
        while (position < channel.size()) {
            positions.add(position);
            read(positions.size() - 1L);
            position += HEADER + bytes(position, HEADER).getInt();
        }
    }

    private ByteBuffer bytes(long position, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new IOException(file + " ends in the middle of a record");
            }
        }
        return buffer.flip();
    }

    private static int checksum(byte[] body) {
        CRC32 crc = new CRC32();
        crc.update(body);
        return (int) crc.getValue();
    }
}
