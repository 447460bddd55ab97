import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Uppercase over UDP: sends each line that is typed in a datagram, prints the answer. */
public class Client {
    public static void main(String[] args) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(args[0], Integer.parseInt(args[1])));
            socket.setSoTimeout(5000);
            BufferedReader user = new BufferedReader(new InputStreamReader(System.in));
            String line;
            while ((line = user.readLine()) != null) {
                byte[] question = line.getBytes(StandardCharsets.ISO_8859_1);
                socket.send(new DatagramPacket(question, question.length));
                DatagramPacket answer = new DatagramPacket(new byte[65535], 65535);
                socket.receive(answer);
                System.out.println(new String(
                    answer.getData(), 0, answer.getLength(), StandardCharsets.ISO_8859_1));
            }
        }
    }
}
