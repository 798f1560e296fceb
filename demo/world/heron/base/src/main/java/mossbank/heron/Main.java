package mossbank.heron;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;

/** Starts a broker with settings from the environment. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws IOException {
        Path data = Path.of(setting("HERON_DATA", "data"));
        Duration visibility = Duration.ofSeconds(Long.parseLong(setting("HERON_VISIBILITY_SECONDS", "30")));
        Broker broker = new Broker(data, visibility, Clock.systemUTC());
        HttpApi api = new HttpApi(broker, Integer.parseInt(setting("HERON_PORT", "7070")));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(api, broker)));
        api.start();
        System.out.println("heron listens on port " + api.port() + ", data in " + data.toAbsolutePath());
    }

    private static void stop(HttpApi api, Broker broker) {
        api.stop();
        try {
            broker.close();
        } catch (IOException e) {
            System.err.println("could not close cleanly: " + e.getMessage());
        }
    }

    private static String setting(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isBlank() ? otherwise : value;
    }
}
