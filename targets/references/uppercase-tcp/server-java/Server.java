import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Uppercase over TCP: each line comes back in capitals. A thread serves each client. */
public class Server {
    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(args[0]);
        try (ServerSocket welcome = new ServerSocket()) {
            welcome.setReuseAddress(true);
            welcome.bind(new InetSocketAddress(port), 64);
            while (true) {
                Socket connection = welcome.accept();
                new Thread(() -> serve(connection)).start();
            }
        }
    }

    private static void serve(Socket connection) {
        try (connection) {
            InputStream in = new BufferedInputStream(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            int octet;
            while ((octet = in.read()) >= 0) {
                line.write(octet >= 'a' && octet <= 'z' ? octet - 'a' + 'A' : octet);
                if (octet == '\n') {
                    out.write(line.toByteArray());
                    line.reset();
                }
            }
        } catch (IOException gone) {
            // the client has left; the others go on
        }
    }
}
