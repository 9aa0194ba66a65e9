// A node of Elasticsearch 7 from the jars of Maven Central. Arguments: FOLDER HTTP_PORT TRANSPORT_PORT.
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.transport.Netty4Plugin;

public class Elasticsearch7 extends Node {
  Elasticsearch7(Settings settings) {
    super(
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "one"),
        List.of(Netty4Plugin.class),
        true);
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    for (String folder : List.of("config", "modules", "plugins")) {
      Files.createDirectories(home.resolve(folder));
    }
    LogConfigurator.configureWithoutConfig(Settings.EMPTY);
    Node node =
        new Elasticsearch7(
            Settings.builder()
                .put("path.home", home.toString())
                .put("cluster.name", "jipyo")
                .put("node.name", "one")
                .put("network.host", "127.0.0.1")
                .put("http.port", arguments[1])
                .put("transport.port", arguments[2])
                .put("discovery.type", "single-node")
                .put("cluster.routing.allocation.disk.threshold_enabled", false)
                .build());
    node.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    Thread.currentThread().join();
  }

  private static void close(Node node) {
    try {
      node.close();
    } catch (Exception error) {
      error.printStackTrace();
    }
  }
}
