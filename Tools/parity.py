"""Compares the `yolo` command with Ultralytics, detection by detection.

    python Tools/parity.py --yolo .build/release/yolo --checkpoints A.pt B.pt --images x.jpg y.png \\
        --imgsz 320 640 1280 --conf 0.01 0.25 0.9 --iou 0.45 --backend native blas upstream --isa avx512 avx2 baseline

Needs the upstream environment. Prints a line per case (checkpoint, image, imgsz, conf, backend, isa) and the worst box
and confidence difference at the end. Exit status 1 when a case differs: other count or classes, another order than ties
allow (confidences within 2e-4 may swap), a box off by more than 0.01 px (0.05 px at imgsz 1280; pixels of the image), a
confidence by more than 1e-4, keypoints or oriented corners by more than 0.05 px, class probabilities by more than 1e-5.
comparison.py says which detections are excused when only one side has them; they are counted and listed. Masks are
compared by matrix.py, which also covers the other options and prints a table of families, sizes and tasks.
Ultralytics' answers are kept in --cache by the contents of checkpoint and image.
A fault in numbers is followed by how far Ultralytics itself is from float64 in that case; it excuses nothing.
Many excuses in a case mean that its scores are saturated; calibrate the checkpoint on the image
(upstream/make_checkpoint.py --image).
"""
import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from comparison import CachedUpstream, Options, Tolerances, compare, ours


def tolerances(imgsz):
    return Tolerances(box=0.05 if imgsz >= 1280 else 0.01)


COLUMNS = (("checkpoint", 24), ("image", 20), ("imgsz", 5), ("conf", 5), ("backend", 9), ("isa", 8), ("upstream", 9),
           ("ours", 5), ("box px", 9), ("conf diff", 9), ("swaps", 5), ("excused", 7), ("", 4))


def line(values):
    return "  ".join(f"{str(value)[-width:]:<{width}}" for value, (_, width) in zip(values, COLUMNS)).rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", required=True, help="our command")
    parser.add_argument("--checkpoints", nargs="+", required=True, type=Path)
    parser.add_argument("--images", nargs="+", required=True, type=Path)
    parser.add_argument("--imgsz", nargs="+", type=int, default=[640])
    parser.add_argument("--conf", nargs="+", type=float, default=[0.25])
    parser.add_argument("--iou", type=float, default=0.45)
    parser.add_argument("--backend", nargs="+", default=[None], help="left out: our default")
    parser.add_argument("--isa", nargs="+", default=[None], help="left out: what the processor has")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "yolo-parity")
    parser.add_argument("--list", type=int, default=8, help="faults and excuses to print per case")
    arguments = parser.parse_args()

    print(line([name for name, _ in COLUMNS]))
    worst, cases, failed, compared, excused = {}, 0, 0, 0, {}
    with tempfile.TemporaryDirectory() as directory:
        # Numbered, because our command answers a directory in the order of its file names.
        for index, image in enumerate(arguments.images):
            shutil.copyfile(image, Path(directory) / f"{index:04d}-{image.name}")
        source = directory if len(arguments.images) > 1 else arguments.images[0]
        for checkpoint in arguments.checkpoints:
            upstream, noises = CachedUpstream(checkpoint, arguments.cache), {}
            combinations = [(imgsz, conf, backend, isa) for imgsz in arguments.imgsz for conf in arguments.conf
                            for backend in arguments.backend for isa in arguments.isa]
            for imgsz, conf, backend, isa in combinations:
                start = [checkpoint.name, "", imgsz, conf, backend or "default", isa or "default"]
                try:
                    options = Options(imgsz, conf, arguments.iou)
                    answers = ours(arguments.yolo, checkpoint, source, options, backend, isa)
                    if len(answers) != len(arguments.images):
                        raise RuntimeError(f"{len(answers)} answers for {len(arguments.images)} images")
                except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
                    cases, failed = cases + 1, failed + 1
                    print(line([*start, "-", "-", "-", "-", "-", "-", "FAIL"]) + f"\n    {type(error).__name__}: {error}")
                    continue
                for image, answer in zip(arguments.images, answers):
                    run = upstream.predict(image, options)
                    result = compare(run, answer, options, tolerances(imgsz))
                    box, confidence = result.worst.get("box", 0.0), result.worst.get("confidence", 0.0)
                    start[1], cases = image.name, cases + 1
                    faults = result.numeric_faults + result.faults
                    failed += bool(faults)
                    print(line([*start, result.expected_count, result.found_count, f"{box:.6f}",
                                f"{confidence:.1e}", result.swapped, len(result.excused), "FAIL" if faults else "ok"]))
                    for fault in faults[:arguments.list]:
                        print(f"    {fault}")
                    if result.numeric_faults:
                        key = (image, imgsz, conf)
                        if key not in noises:
                            noises[key] = upstream.noise(image, options)
                        if noises[key]:
                            print("    for comparison, Ultralytics' own distance from float64 before suppression: "
                                  f"{noises[key][0]:.5f} px, {noises[key][1]:.1e}")
                    for reason, text in result.excused[:arguments.list]:
                        print(f"    excused ({reason}): {text}")
                    for reason, _ in result.excused:
                        excused[reason] = excused.get(reason, 0) + 1
                    compared += result.expected_count
                    key = (backend or "default", isa or "default")
                    before = worst.get(key, (0.0, 0.0))
                    worst[key] = (max(before[0], box), max(before[1], confidence))
                sys.stdout.flush()

    for (backend, isa), (box, confidence) in worst.items():
        print(f"worst, backend {backend}, isa {isa}: box {box:.6f} px, confidence {confidence:.2e}")
    if worst:
        print(f"worst of all: box {max(w[0] for w in worst.values()):.6f} px, "
              f"confidence {max(w[1] for w in worst.values()):.2e}")
    print(f"{cases} cases, {failed} failed; {compared} detections, {sum(excused.values())} excused"
          + "".join(f"; {reason} {count}" for reason, count in sorted(excused.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
