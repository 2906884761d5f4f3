import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Confluent Parallel Consumer in key order. What it is told and what it writes: see bench/job.py. */
public final class ParallelConsumer {
  private static final int NUMBERS = 3;

  /** What makes nanoTime, which is exact, the wall clock, which all processes share. */
  private static final long EPOCH_NANOS =
      System.currentTimeMillis() * 1_000_000 - System.nanoTime();

  private final Properties job;
  private final AtomicInteger handled = new AtomicInteger();
  private final long[] diary;

  private ParallelConsumer(Properties job) {
    this.job = job;
    // Room for some that come twice; more would end the run, and void it.
    this.diary = new long[NUMBERS * (Integer.parseInt(job.getProperty("records")) + 100_000)];
  }

  public static void main(String[] arguments) throws IOException {
    Properties job = new Properties();
    try (Reader file = Files.newBufferedReader(Path.of(arguments[0]))) {
      job.load(file);
    }
    BufferedReader told = new BufferedReader(new InputStreamReader(System.in));
    String[] topics = job.getProperty("topics").split(",");
    String[] groups = job.getProperty("groups").split(",");
    for (int phase = 0; phase < topics.length; phase++) {
      ParallelConsumer subject = new ParallelConsumer(job);
      subject.consume(topics[phase], groups[phase], told);
      if (phase == topics.length - 1) {
        subject.write(Path.of(job.getProperty("trace")));
      }
    }
    System.exit(0); // some threads of a closed processor may live on
  }

  private void consume(String topic, String group, BufferedReader told) throws IOException {
    ParallelConsumerOptions<byte[], byte[]> options =
        ParallelConsumerOptions.<byte[], byte[]>builder()
            .consumer(new KafkaConsumer<>(settings(group)))
            .ordering(ProcessingOrder.KEY)
            .maxConcurrency(Integer.parseInt(job.getProperty("at_once")))
            .commitMode(CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
            .commitInterval(Duration.ofMillis(100))
            .build();
    boolean isWaiting = job.getProperty("is_waiting").equals("yes");
    ParallelStreamProcessor<byte[], byte[]> processor =
        ParallelStreamProcessor.createEosStreamProcessor(options);
    processor.subscribe(List.of(topic));
    processor.poll(context -> handle(context.getSingleConsumerRecord().value(), isWaiting));
    told.readLine();
    processor.closeDrainFirst();
  }

  private void handle(byte[] value, boolean isWaiting) {
    ByteBuffer head = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    long start = System.nanoTime();
    if (isWaiting) {
      waitUntil(start + head.getLong(Long.BYTES) * 1_000);
    }
    long end = isWaiting ? System.nanoTime() : start;
    int at = NUMBERS * handled.getAndIncrement();
    diary[at] = head.getLong(0);
    diary[at + 1] = EPOCH_NANOS + start;
    diary[at + 2] = EPOCH_NANOS + end;
  }

  /** Thread.sleep of Java 17 knows whole milliseconds only. */
  private static void waitUntil(long end) {
    for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private Map<String, Object> settings(String group) {
    return Map.of(
        "bootstrap.servers", job.getProperty("bootstrap_servers"),
        "group.id", group,
        "key.deserializer", ByteArrayDeserializer.class,
        "value.deserializer", ByteArrayDeserializer.class,
        "enable.auto.commit", false,
        "auto.offset.reset", "earliest",
        "fetch.max.wait.ms", 20,
        "max.partition.fetch.bytes", 256 * 1024,
        "session.timeout.ms", 45_000);
  }

  private void write(Path path) throws IOException {
    int numbers = NUMBERS * handled.get();
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * numbers).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(diary, 0, numbers);
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    }
  }
}
