"""Measures YOLO models side by side with other runtimes, in alternating rounds of one run.

    python Benchmarks/compare_peers.py --models yolov8n.pt [--imgsz 640] [--threads 1 2] [--rounds 6] [--runs 6]
    python Benchmarks/compare_peers.py --models yolov8n.pt --no-ours      # peers alone

Needs the upstream environment. Per model and thread count it prints a Markdown table of the network's latency alone
(input tensor to output tensors: no image decoding, letterbox or suppression) in milliseconds, batch 1, square input:
minimum, median, how many times faster than each engine ours is (engine / ours) and, the other way round, what fraction of
the engine's time ours takes (ours / engine), both by the medians. run.py beside this file measures more than latency.

What is not alike: the peers' exported networks end with decoded boxes, ours with the head's tensors, since ours decodes
only where a score can pass; and ours is handed its input in its own layout. So ours is also shown "all in": letterbox,
normalizing, network, decoding and suppression of the image.

How the measurement is kept fair:
  - Engines take turns: in every round each one runs --runs times, so that a change of the machine's clock or load meets all.
  - Each peer lives in a process of its own that is stopped (SIGSTOP) between its turns: no waiting thread pool takes a core.
  - The first two runs of a turn warm caches and are not counted. Ours is started anew each turn and warms up by itself.
  - Engines have as many counted runs as one another. A peer whose outputs are not finite numbers is not measured.
  - All compute float32; the row "OpenVINO bf16" does not and is left out of "best float32 peer".
Models are exported once by Ultralytics into --cache (~/.cache/yolo-peers), named by the checkpoint's contents.
"""
import argparse
import hashlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

WARM_UP = 2
ENGINES = {  # label -> (engine, form of the model)
    "ONNX Runtime": ("onnxruntime", "onnx"),
    "OpenVINO": ("openvino", "openvino"),
    "OpenVINO bf16": ("openvino-bf16", "openvino"),
    "ncnn": ("ncnn", "ncnn"),
    "PyTorch": ("torch", "pt"),
}
NOT_FLOAT32 = {"OpenVINO bf16"}


# --- Export --------------------------------------------------------------------------------------------------------


def exported(checkpoint, form, height, width, cache):
    """Returns the path of the checkpoint in the form "onnx", "openvino", "ncnn" or "pt", exporting it if need be."""
    checkpoint = Path(checkpoint)
    if form == "pt":
        return checkpoint.resolve()
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()[:12]
    directory = Path(cache).expanduser() / f"{checkpoint.stem}-{digest}-{height}x{width}" / form
    finished = directory / "finished"
    if not finished.exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        copy = directory / "model.pt"  # Ultralytics writes beside the checkpoint
        shutil.copyfile(checkpoint, copy)
        print(f"exporting {checkpoint.name} to {form}", file=sys.stderr)
        # In a process of its own: torch's thread pool has no business in the process that measures.
        program = ("import sys; from ultralytics import YOLO; model, form, height, width, finished = sys.argv[1:];"
                   "path = YOLO(model).export(format=form, imgsz=(int(height), int(width)), device='cpu', verbose=False);"
                   "open(finished, 'w').write(str(path))")
        done = subprocess.run([sys.executable, "-c", program, str(copy), form, str(height), str(width), str(finished)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"export to {form} failed: {done.stdout.strip()[-400:]}")
    return Path(finished.read_text())


# --- Workers: one engine in one process ----------------------------------------------------------------------------


def make_runner(engine, path, height, width, threads):
    """Returns a function that runs the network once on a fixed random input."""
    import numpy as np

    values = np.random.default_rng(1).random((1, 3, height, width), dtype=np.float32)
    if engine == "onnxruntime":
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda: session.run(None, {name: values})
    if engine.startswith("openvino"):
        import openvino
        precision = "bf16" if engine.endswith("bf16") else "f32"
        compiled = openvino.Core().compile_model(
            str(next(Path(path).glob("*.xml"))), "CPU",
            {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
             "PERFORMANCE_HINT": "LATENCY"})
        request = compiled.create_infer_request()
        request.set_input_tensor(openvino.Tensor(values))

        def run():
            request.infer()
            return [output.data for output in request.output_tensors]
        return run
    if engine == "ncnn":
        import ncnn
        net = ncnn.Net()
        net.opt.num_threads = threads
        for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
            setattr(net.opt, option, False)
        net.load_param(str(Path(path) / "model.ncnn.param"))
        net.load_model(str(Path(path) / "model.ncnn.bin"))
        names, outputs = net.input_names(), net.output_names()
        image = ncnn.Mat(values[0]).clone()  # a Mat does not keep its array alive

        def run():
            results = []
            with net.create_extractor() as extractor:
                extractor.input(names[0], image)
                for output in outputs:
                    status, result = extractor.extract(output)
                    if status != 0:
                        raise RuntimeError("ncnn cannot compute the output")
                    results.append(result)
            return results
        return run
    if engine == "torch":
        import torch
        from ultralytics.nn.tasks import load_checkpoint
        torch.set_num_threads(threads)
        network = load_checkpoint(str(path), device="cpu", fuse=True)[0].float().eval()
        tensor = torch.from_numpy(values)
        torch.set_num_threads(threads)  # Ultralytics sets its own number while loading

        def run():
            with torch.inference_mode():
                return network(tensor)
        return run
    raise ValueError(f"no engine {engine!r}")


def check_finite(outputs):
    """Raises unless every number of every output is finite: infinities and NaN would be timed for nothing."""
    import numpy as np
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    if isinstance(outputs, (list, tuple)):
        for output in outputs:
            check_finite(output)
    elif not np.isfinite(np.asarray(outputs)).all():
        raise RuntimeError("outputs are not finite")


def open_streams(path, height, width, streams):
    """Returns a function that runs an OpenVINO network for some seconds in many streams at once: (runs, seconds)."""
    import numpy as np
    import openvino
    compiled = openvino.Core().compile_model(
        str(next(Path(path).glob("*.xml"))), "CPU",
        {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": streams, "NUM_STREAMS": streams,
         "PERFORMANCE_HINT": "THROUGHPUT"})
    queue = openvino.AsyncInferQueue(compiled, streams)
    for request in queue:
        request.set_input_tensor(openvino.Tensor(np.random.default_rng(1).random((1, 3, height, width), dtype=np.float32)))

    def run(seconds):
        count, start = 0, time.perf_counter()
        while time.perf_counter() < start + seconds:
            queue.start_async()
            count += 1
        queue.wait_all()
        return count, time.perf_counter() - start
    return run


def work(engine, path, height, width, threads):
    """Answers lines on standard input with JSON: "runs N" with N latencies in milliseconds, "seconds S" with the number
    of runs in S seconds and the seconds that they took."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not disturb the answers
    try:
        if engine == "openvino-streams":
            timed = open_streams(path, height, width, threads)
            timed(0.2)
        else:
            run = make_runner(engine, path, height, width, threads)
            check_finite(run())
            for _ in range(2):
                run()
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"), file=answers, flush=True)
        return
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        what, number = line.split()
        if engine == "openvino-streams":
            timed(0.2)
            answer = timed(float(number))
        elif what == "seconds":
            for _ in range(WARM_UP):
                run()
            count, start = 0, time.perf_counter()
            while time.perf_counter() < start + float(number):
                run()
                count += 1
            answer = count, time.perf_counter() - start
        else:
            for _ in range(WARM_UP):
                run()
            answer = []
            for _ in range(int(number)):
                start = time.perf_counter()
                run()
                answer.append((time.perf_counter() - start) * 1000)
        print(json.dumps(answer), file=answers, flush=True)


class Worker:
    """A peer in its own process, stopped whenever it is not its turn."""

    def __init__(self, label, engine, path, height, width, threads, wait_policy="default", script=__file__):
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "YOLO_OFFLINE": "true", "YOLO_VERBOSE": "False"}
        if wait_policy != "default":
            environment["OMP_WAIT_POLICY"] = wait_policy
        self.label = label
        self.process = subprocess.Popen(
            [sys.executable, script, "--worker", engine, str(path), str(height), str(width), str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        answer = self.process.stdout.readline().strip()
        if answer != "ready":
            raise RuntimeError(json.loads(answer) if answer else f"did not start (exit status {self.process.wait()})")
        self.process.send_signal(signal.SIGSTOP)

    def start(self, request):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()

    def finish(self):
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.label} ended (exit status {self.process.wait()})")
        self.process.send_signal(signal.SIGSTOP)
        return json.loads(answer)

    def turn(self, runs):
        self.start(f"runs {runs}")
        return self.finish()

    def close(self):
        self.process.kill()
        self.process.wait()


class Ours:
    """Our command, a new process each turn."""

    label = "swift-yolo"

    def __init__(self, yolo, model, imgsz, threads, extra, label=label):
        self.label = label
        self.command = [str(yolo.resolve()), "benchmark", "--model", str(model), "--imgsz", str(imgsz), "--threads", str(threads),
                        "--format", "json", *extra]
        self.description = ""
        self.all_in = []  # medians of the turns: letterbox to suppressed boxes

    def ask(self, *more):
        """Returns what our command reports."""
        done = subprocess.run([*self.command, *more], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{self.label}: exit status {done.returncode}: {done.stderr.strip()[-300:]}")
        return json.loads(done.stdout)

    def turn(self, runs):
        answer = self.ask("--runs", str(runs))
        self.description = f"backend {answer['backend']}, isa {answer['isa']}"
        self.all_in.append(sum(answer[stage]["median"] for stage in ("preprocess", "inference", "postprocess")))
        return answer["latencies"]["inference"]

    def close(self):
        pass


# --- Measurement ---------------------------------------------------------------------------------------------------


def alternate(engines, rounds, take):
    """Lets engines take turns. Returns (label -> the list of what its turns gave, label -> why it failed).

    `take(engine)` is one turn: a list of figures.
    """
    samples, failures = {}, {}
    for turn in range(rounds):
        # Starting elsewhere each round, so that nobody always follows the same neighbor.
        shift = turn % len(engines) if engines else 0
        for engine in engines[shift:] + engines[:shift]:
            if engine.label in failures:
                continue
            try:
                samples.setdefault(engine.label, []).extend(take(engine))
            except (RuntimeError, OSError, ValueError, KeyError) as error:
                failures[engine.label] = f"{type(error).__name__}: {error}"
                samples.pop(engine.label, None)
    return samples, failures


def open_peers(model, imgsz, threads, labels, cache, wait_policy):
    """Returns (workers, label -> why it cannot run the model)."""
    engines, failures = [], {}
    for label in labels:
        try:
            path = exported(model, ENGINES[label][1], imgsz, imgsz, cache)
            engines.append(Worker(label, ENGINES[label][0], path, imgsz, imgsz, threads, wait_policy))
        except Exception as error:  # an engine that cannot run a model must not end the comparison
            failures[label] = f"{type(error).__name__}: {error}"
    return engines, failures


def measure(model, imgsz, threads, arguments, ours_options=()):
    """Returns (label -> {"min", "median", "runs"}, a description of ours, label -> reason of those that did not run)."""
    engines, failures = open_peers(model, imgsz, threads, arguments.engines, arguments.cache, arguments.omp_wait_policy)
    try:
        if not arguments.no_ours:
            extra = [*ours_options, *arguments.ours_options.split()]
            engines.insert(0, Ours(arguments.yolo, model, imgsz, threads, extra))
        samples, failed = alternate(engines, arguments.rounds, lambda engine: engine.turn(arguments.runs))
        failures.update(failed)
        results = {label: {"min": min(values), "median": statistics.median(values), "runs": len(values)}
                   for label, values in samples.items()}
        description = ""
        for engine in engines:
            if isinstance(engine, Ours) and engine.label in results:
                results[engine.label]["all in"] = statistics.median(engine.all_in)
                description = engine.description
        return results, description, failures
    finally:
        for engine in engines:
            engine.close()


def best_peer(results):
    """Returns the label of the fastest peer in float32 by the median, None if there is none."""
    peers = [label for label in results if label != Ours.label and label not in NOT_FLOAT32]
    return min(peers, key=lambda label: results[label]["median"], default=None)


def table(results):
    """Returns the Markdown table, ours first, then the peers from fast to slow."""
    ours = results.get(Ours.label)
    lines = ["| engine | min ms | median ms |" + (" engine / ours | ours / engine |" if ours else ""),
             "|---|---:|---:|" + ("---:|---:|" if ours else "")]
    order = sorted(results, key=lambda label: (label != Ours.label, results[label]["median"]))
    for label in order:
        row = results[label]
        lines.append(f"| {label} | {row['min']:.2f} | {row['median']:.2f} |"
                     + (f" {row['median'] / ours['median']:.2f} | {ours['median'] / row['median']:.3f} |" if ours else ""))
    peer = best_peer(results)
    if peer:
        best = results[peer]
        text = f"Best float32 peer: {peer}, min {best['min']:.2f}, median {best['median']:.2f} ms"
        if ours:
            text += (f"; **ours / best float32 peer: {ours['median'] / best['median']:.3f}** by the median, "
                     f"{ours['min'] / best['min']:.3f} by the minimum, {ours['all in'] / best['median']:.3f} with ours all in "
                     f"({ours['all in']:.2f} ms)")
        lines += ["", text + "."]
    return "\n".join(lines)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def versions():
    from importlib.metadata import version
    return ", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "openvino", "ncnn", "torch", "ultralytics"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="+", type=Path, required=True, help=".pt checkpoints")
    parser.add_argument("--imgsz", type=int, nargs="+", default=[640])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--runs", type=int, default=6, help="counted runs per engine and round")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--yolo", type=Path, default=Path(".build/release/yolo"), help="our command")
    parser.add_argument("--ours-options", default="", help='more options for ours, such as "--backend blas"')
    parser.add_argument("--no-ours", action="store_true", help="measure the peers alone")
    parser.add_argument("--omp-wait-policy", choices=("default", "passive", "active"), default="default",
                        help="of the peers that use OpenMP (ncnn, PyTorch); passive on a machine with other load")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/yolo-peers"))
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    arguments = parser.parse_args()

    print(f"{processor()}, {os.cpu_count()} cores; {versions()}; {arguments.rounds} rounds of {arguments.runs} runs; "
          f"load before: {os.getloadavg()[0]:.2f}\n")
    figures, failed = [], False
    for model in arguments.models:
        for imgsz in arguments.imgsz:
            for threads in arguments.threads:
                results, description, failures = measure(model, imgsz, threads, arguments)
                title = f"### {model.name}, {imgsz}x{imgsz}, {threads} thread{'s' if threads > 1 else ''}"
                print(title + (f" ({description})" if description else "") + "\n")
                print(table(results))
                for label, reason in failures.items():
                    print(f"\nNot measured: {label}: {reason}")
                print(f"\nLoad after: {os.getloadavg()[0]:.2f}\n", flush=True)
                failed |= bool(failures)
                figures.append({"model": model.name, "imgsz": imgsz, "threads": threads, "milliseconds": results,
                                "failures": failures})
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        engine, path, *numbers = sys.argv[2:]
        work(engine, path, *map(int, numbers))
    else:
        sys.exit(main())
