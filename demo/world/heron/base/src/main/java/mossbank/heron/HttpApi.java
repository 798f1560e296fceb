package mossbank.heron;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** The HTTP API: publish, poll and acknowledge. */
public final class HttpApi {
    private final Broker broker;
    private final HttpServer server;

    public HttpApi(Broker broker, int port) throws IOException {
        this.broker = broker;
        this.server = HttpServer.create(new InetSocketAddress(port), 0);
        server.createContext("/queues/", this::handle);
        server.setExecutor(Executors.newFixedThreadPool(8));
    }

    public void start() {
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public void stop() {
        server.stop(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().substring(1).split("/");
        String method = exchange.getRequestMethod();
        try {
            if (method.equals("POST") && path.length == 3 && path[2].equals("messages")) {
                long offset = broker.queue(path[1]).publish(exchange.getRequestBody().readAllBytes());
                respond(exchange, 201, "{\"offset\":" + offset + "}");
            } else if (method.equals("GET") && path.length == 4 && path[2].equals("groups")) {
                poll(exchange, path[1], path[3]);
            } else if (method.equals("POST") && path.length == 6 && path[4].equals("ack")) {
                boolean known = broker.queue(path[1]).ack(path[3], Long.parseLong(path[5]));
                respond(exchange, known ? 200 : 404, "{\"acknowledged\":" + known + "}");
            } else {
                respond(exchange, 404, "{\"error\":\"no such resource\"}");
            }
        } catch (IllegalArgumentException e) {
            respond(exchange, 400, "{\"error\":\"bad request\"}");
        } finally {
            exchange.close();
        }
    }

    private void poll(HttpExchange exchange, String queue, String group) throws IOException {
        int max = Integer.parseInt(parameter(exchange, "max", "1"));
        String messages = broker.queue(queue).poll(group, max).stream()
                .map(HttpApi::json)
                .collect(Collectors.joining(",", "[", "]"));
        respond(exchange, 200, messages);
    }

    private static String json(Message message) {
        String body = Base64.getEncoder().encodeToString(message.body());
        return "{\"offset\":" + message.offset() + ",\"body\":\"" + body + "\"}";
    }

    private static String parameter(HttpExchange exchange, String name, String otherwise) {
        String query = exchange.getRequestURI().getQuery();
        for (String pair : query == null ? new String[0] : query.split("&")) {
            if (pair.startsWith(name + "=")) {
                return pair.substring(name.length() + 1);
            }
        }
        return otherwise;
    }

    private static void respond(HttpExchange exchange, int status, String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }
}
