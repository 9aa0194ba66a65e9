// A node of Elasticsearch 8.18 or newer from the jars of Maven Central, without the shell of the
// distribution: no security manager, no checks at the start. Argument: FOLDER, which has
// config/elasticsearch.yml, config/log4j2.properties and modules/transport-netty4.
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;

public class Elasticsearch {
  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]).toAbsolutePath();
    System.setProperty("es.path.home", home.toString());
    LogConfigurator.registerErrorListener();
    LogConfigurator.configureESLogging();
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(
            Settings.builder().put("path.home", home.toString()).build(),
            Map.of(),
            home.resolve("config"),
            () -> "one");
    LogConfigurator.configure(environment, true);
    Node node = build(environment, home);
    node.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    Thread.currentThread().join();
  }

  /** By reflection, so that one source starts 8 and 9, whose loaders differ in small things. */
  private static Node build(Environment environment, Path home) throws Exception {
    Class<?> loader = Class.forName("org.elasticsearch.plugins.PluginsLoader");
    Object modules = bundles(loader, "loadModulesBundles", home.resolve("modules"));
    Object plugins = bundles(loader, "loadPluginsBundles", home.resolve("plugins"));
    Object plugged =
        loader
            .getMethod("createPluginsLoader", Set.class, Set.class, Map.class, boolean.class)
            .invoke(null, modules, plugins, Map.of(), Node.class.getModule().isNamed());
    return Node.class.getConstructor(Environment.class, loader).newInstance(environment, plugged);
  }

  private static Object bundles(Class<?> loader, String method, Path folder) throws Exception {
    return loader.getMethod(method, Path.class).invoke(null, folder);
  }

  private static void close(Node node) {
    try {
      node.close();
    } catch (Exception error) {
      error.printStackTrace();
    }
  }
}
