import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;

/** UDP pinger: a socket of its own for each of ten pings, all results at the end. */
public class PingClient {
    private static final int PATIENCE = 1000; // milliseconds

    public static void main(String[] args) throws IOException {
        InetAddress host = InetAddress.getByName(args[0]);
        int port = Integer.parseInt(args[1]);
        List<String> results = new ArrayList<>();
        for (int number = 0; number < 10; number++) {
            results.add("Ping " + number + ": " + ping(host, port, number));
        }
        results.forEach(System.out::println);
    }

    private static String ping(InetAddress host, int port, int number) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(host, port);
            String text = "Ping " + number + " " + new Date();
            byte[] data = text.getBytes(StandardCharsets.US_ASCII);
            long start = System.nanoTime();
            socket.send(new DatagramPacket(data, data.length));
            long end = start + PATIENCE * 1_000_000L;
            for (long left; (left = end - System.nanoTime()) > 0; ) {
                DatagramPacket pong = new DatagramPacket(new byte[2048], 2048);
                socket.setSoTimeout((int) (left / 1_000_000) + 1);
                socket.receive(pong);
                String answer = new String(
                    pong.getData(), 0, pong.getLength(), StandardCharsets.US_ASCII);
                if (answer.equals(text.toUpperCase())) {
                    return (System.nanoTime() - start) / 1000 + " microseconds";
                }
            }
        } catch (SocketTimeoutException late) {
            // told below
        }
        return "Request timed out";
    }
}
