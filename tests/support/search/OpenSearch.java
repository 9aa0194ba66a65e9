// A node of OpenSearch from the jars of Maven Central. Arguments: TRANSPORT_PLUGIN FOLDER NAME
// HTTP_PORT TRANSPORT_PORT [SEEDS MANAGERS], the last two for a cluster of several processes.
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.codelibs.opensearch.runner.node.OpenSearchRunnerNode;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;

public class OpenSearch {
  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[1]);
    for (String folder : List.of("config", "modules", "plugins")) {
      Files.createDirectories(home.resolve(folder));
    }
    LogConfigurator.configureWithoutConfig(Settings.EMPTY);
    Settings.Builder settings =
        Settings.builder()
            .put("path.home", home.toString())
            .put("cluster.name", "jipyo")
            .put("node.name", arguments[2])
            .put("network.host", "127.0.0.1")
            .put("http.port", arguments[3])
            .put("transport.port", arguments[4])
            .put("cluster.routing.allocation.disk.threshold_enabled", false);
    if (arguments.length > 5) {
      settings.putList("discovery.seed_hosts", arguments[5].split(","));
      settings.putList("cluster.initial_cluster_manager_nodes", arguments[6].split(","));
    } else {
      settings.put("discovery.type", "single-node");
    }
    Class<? extends Plugin> transport = Class.forName(arguments[0]).asSubclass(Plugin.class);
    Node node =
        new OpenSearchRunnerNode(
            InternalSettingsPreparer.prepareEnvironment(
                settings.build(), Map.of(), null, () -> arguments[2]),
            List.of(transport));
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
