import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;

/** Uppercase over UDP: each datagram comes back in capitals. */
public class Server {
    public static void main(String[] args) throws IOException {
        try (DatagramSocket server = new DatagramSocket(Integer.parseInt(args[0]))) {
            while (true) {
                DatagramPacket packet = new DatagramPacket(new byte[65535], 65535);
                server.receive(packet);
                byte[] data = packet.getData();
                for (int i = 0; i < packet.getLength(); i++) {
                    if (data[i] >= 'a' && data[i] <= 'z') {
                        data[i] += 'A' - 'a';
                    }
                }
                answer(server, packet);
            }
        }
    }

    private static void answer(DatagramSocket server, DatagramPacket packet) {
        try {
            server.send(packet); // it still holds the address that it came from, and its length
        } catch (IOException gone) {
            // this client cannot be reached; the others can
        }
    }
}
