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

    static void spin(long microseconds) {
        long until = System.nanoTime() + microseconds * 1000;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    static void asked(byte[] data, Answer answer) throws Exception {
        long length = Long.parseLong(new String(data, 1, 6));
        Callable<Void> task = () -> {
            spin(length);
            answer.give();
            return null;
        };
        switch (data[0]) {
            case 's' -> { }
            case 'z' -> pool.schedule(() -> {
                answer.give();
                return null;
            }, length, TimeUnit.MICROSECONDS);
            case 'w' -> pool.submit(task);
            case 'b' -> task.call();
            default -> answer.give();
        }
    }

    static void later(String delay, byte[] data, Answer answer) throws Exception {
        Callable<Void> task = () -> {
            answer.give();
            return null;
        };
        switch (delay) {
            case "sleep" -> {
                Thread.sleep(milliseconds);
                answer.give();
            }
            case "asked" -> asked(data, answer);
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
            later(delay, packet.getData(), () -> socket.send(packet));
        }
    }

    static void nio(String delay) throws Exception {
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
                byte[] data = new byte[buffer.remaining()];
                buffer.get(data);
                later(delay, data, () -> channel.send(ByteBuffer.wrap(data), from));
            }
        }
    }

    static void threads(String delay) throws Exception {
        ServerSocket welcome = new ServerSocket(port, 64, InetAddress.getByName("127.0.0.1"));
        while (true) {
            Socket client = welcome.accept();
            new Thread(() -> {
                byte[] data = new byte[2048];
                try (client) {
                    for (int size; (size = client.getInputStream().read(data)) > 0; ) {
                        byte[] said = java.util.Arrays.copyOf(data, size);
                        later(delay, said, () -> client.getOutputStream().write(said));
                    }
                } catch (Exception gone) {
                    return;
                }
            }).start();
        }
    }

    public static void main(String[] words) throws Exception {
        port = Integer.parseInt(words[0]);
        milliseconds = (long) (Double.parseDouble(words[3]) * 1000);
        switch (words[1]) {
            case "nio" -> nio(words[2]);
            case "tcp-threads" -> threads(words[2]);
            default -> blocking(words[2]);
        }
    }
}
