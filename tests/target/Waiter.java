// Waiter PORT WAY DELAY SECONDS: as waiter.c, the way Java programs wait.
import java.io.IOException;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.channels.*;
import java.util.concurrent.*;

public class Waiter {
    static int port;
    static long milliseconds;
    static ScheduledExecutorService pool = Executors.newScheduledThreadPool(2);

    interface Answer {
        void give() throws IOException;
    }

    static void later(String delay, Answer answer) throws Exception {
        Callable<Void> task = () -> {
            answer.give();
            return null;
        };
        switch (delay) {
            case "sleep" -> {
                Thread.sleep(milliseconds);
                answer.give();
            }
            case "pool" -> pool.submit(task);
            case "schedule" -> pool.schedule(task, milliseconds, TimeUnit.MILLISECONDS);
            default -> answer.give();
        }
    }

    static void blocking(String delay) throws Exception {
        DatagramSocket socket = new DatagramSocket(port, InetAddress.getByName("127.0.0.1"));
        while (true) {
            DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
            socket.receive(packet);
            later(delay, () -> socket.send(packet));
        }
    }

    static void nio() throws Exception {
        DatagramChannel channel = DatagramChannel.open();
        channel.bind(new InetSocketAddress("127.0.0.1", port));
        channel.configureBlocking(false);
        Selector selector = Selector.open();
        channel.register(selector, SelectionKey.OP_READ);
        ByteBuffer buffer = ByteBuffer.allocate(2048);
        while (true) {
            selector.select();
            selector.selectedKeys().clear();
            buffer.clear();
            SocketAddress from = channel.receive(buffer);
            if (from != null) {
                buffer.flip();
                channel.send(buffer, from);
            }
        }
    }

    static void threads() throws Exception {
        ServerSocket welcome = new ServerSocket(port, 64, InetAddress.getByName("127.0.0.1"));
        while (true) {
            Socket client = welcome.accept();
            new Thread(() -> {
                try (client) {
                    client.getInputStream().transferTo(client.getOutputStream());
                } catch (IOException gone) {
                    return;
                }
            }).start();
        }
    }

    public static void main(String[] words) throws Exception {
        port = Integer.parseInt(words[0]);
        milliseconds = (long) (Double.parseDouble(words[3]) * 1000);
        switch (words[1]) {
            case "nio" -> nio();
            case "tcp-threads" -> threads();
            default -> blocking(words[2]);
        }
    }
}
