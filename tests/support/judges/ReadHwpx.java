import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import kr.dogfoot.hwpxlib.object.HWPXFile;
import kr.dogfoot.hwpxlib.reader.HWPXReader;
import kr.dogfoot.hwpxlib.tool.textextractor.TextExtractMethod;
import kr.dogfoot.hwpxlib.tool.textextractor.TextExtractor;

/** Writes beside each file, as FILE.txt, the text that hwpxlib reads in it. */
public final class ReadHwpx {
  public static void main(String[] files) throws Exception {
    for (String file : files) {
      HWPXFile read = HWPXReader.fromFile(new File(file));
      String text =
          TextExtractor.extract(
              read, TextExtractMethod.InsertControlTextBetweenParagraphText, true, null);
      try (PrintStream out = new PrintStream(file + ".txt", StandardCharsets.UTF_8)) {
        out.print(text);
      }
    }
  }
}
