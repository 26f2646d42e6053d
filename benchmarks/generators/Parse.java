import com.sun.source.util.JavacTask;
import java.io.File;
import java.util.Arrays;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.ToolProvider;

/** Parses Java files without what they import: prints what is no Java, and ends with 1. */
class Parse {
    public static void main(String[] names) throws Exception {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var found = new DiagnosticCollector<JavaFileObject>();
        var files = compiler.getStandardFileManager(found, null, null)
            .getJavaFileObjectsFromFiles(Arrays.stream(names).map(File::new).toList());
        ((JavacTask) compiler.getTask(null, null, found, null, null, files)).parse();
        found.getDiagnostics().forEach(System.out::println);
        System.exit(found.getDiagnostics().isEmpty() ? 0 : 1);
    }
}
