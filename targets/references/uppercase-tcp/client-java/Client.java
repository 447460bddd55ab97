import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Uppercase over TCP: sends each line that is typed, prints the line that comes back. */
public class Client {
    public static void main(String[] args) throws IOException {
        try (Socket connection = new Socket(args[0], Integer.parseInt(args[1]))) {
            BufferedReader user = new BufferedReader(new InputStreamReader(System.in));
            BufferedReader answers = new BufferedReader(
                new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
            OutputStream out = connection.getOutputStream();
            String line;
            while ((line = user.readLine()) != null) {
                out.write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
                String answer = answers.readLine();
                if (answer == null) {
                    System.err.println("the server has closed the connection");
                    System.exit(1);
                }
                System.out.println(answer);
            }
        }
    }
}
