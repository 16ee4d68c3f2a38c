"""The Faiss side of bench:compare: commands as JSON lines on standard input, answers as JSON lines on standard output.

One thread. Times are this process's own: processor time, or the clock on the wall when asked for. A search of one
query calls the C++ method on buffers made beforehand, without the checks of the Python wrapper.
"""
import json
import sys
import time

import faiss
import numpy as np

faiss.omp_set_num_threads(1)


class Bench:
    def build(self, c):
        dim, rows, nq, self.k = c["dim"], c["rows"], c["nq"], c["k"]
        self.clock = time.process_time if c["clock"] == "cpu" else time.perf_counter
        base = np.fromfile(c["base"], dtype=np.float32).reshape(rows, dim)
        self.queries = np.fromfile(c["queries"], dtype=np.float32).reshape(nq, dim)
        # Rows of the cosine sets have unit length: the inner product is the cosine.
        metric = faiss.METRIC_INNER_PRODUCT if c["metric"] == "COSINE" else faiss.METRIC_L2
        start = self.clock()
        index = self.make(c, dim, metric)
        if not index.is_trained:
            index.train(base)
        index.add(base)
        seconds = self.clock() - start
        self.index = index
        self.base = faiss.IndexRefineFlat(index, faiss.swig_ptr(base)) if c["type"] == "IVFPQ" else None
        self.kept = base
        size = len(faiss.serialize_index(index))
        self.distances = np.empty((nq, self.k), dtype=np.float32)
        self.labels = np.empty((nq, self.k), dtype=np.int64)
        row = lambda a, q: faiss.swig_ptr(a[q])
        self.pointers = [(row(self.queries, q), row(self.distances, q), row(self.labels, q)) for q in range(nq)]
        return {"seconds": seconds, "bytes": size}

    def make(self, c, dim, metric):
        kind = c["type"]
        if kind == "Flat":
            return faiss.IndexFlat(dim, metric)
        if kind == "HNSW":
            index = faiss.IndexHNSWFlat(dim, c["M"], metric)
            index.hnsw.efConstruction = c["efConstruction"]
            return index
        self.quantizer = faiss.IndexFlat(dim, metric)
        if kind == "IVFFlat":
            index = faiss.IndexIVFFlat(self.quantizer, dim, c["nlist"], metric)
        elif kind == "IVFSQ8":
            index = faiss.IndexIVFScalarQuantizer(self.quantizer, dim, c["nlist"], faiss.ScalarQuantizer.QT_8bit, metric)
        else:
            index = faiss.IndexIVFPQ(self.quantizer, dim, c["nlist"], c["m"], 8, metric)
            index.pq.cp.min_points_per_centroid = 1  # steers a warning alone
        index.cp.min_points_per_centroid = 1
        index.cp.seed = c["seed"]
        return index

    def searched(self, c):
        """The index with its knobs set: the bare one, or the one that scores candidates again."""
        if c.get("ef") is not None:
            self.index.hnsw.efSearch = c["ef"]
        if c.get("nprobe") is not None:
            self.index.nprobe = c["nprobe"]
        refine = c.get("refine")
        if refine is None:
            return self.index
        self.base.k_factor = float(refine)
        return self.base

    def run(self, c):
        index, count = self.searched(c), c["count"]
        start = self.clock()
        if c["batch"]:
            index.search_c(count, self.pointers[0][0], self.k, self.pointers[0][1], self.pointers[0][2])
        else:
            search, k = index.search_c, self.k
            for q, d, l in self.pointers[:count]:
                search(1, q, k, d, l)
        return (self.clock() - start) * 1000

    def do_pass(self, c):
        return {"ms": self.run(c)}

    def rows(self, c):
        self.run(c)
        return {"rows": self.labels[: c["count"]].tolist()}


bench = Bench()
for line in sys.stdin:
    command = json.loads(line)
    action = {"build": bench.build, "pass": bench.do_pass, "rows": bench.rows}[command["do"]]
    print(json.dumps(action(command)), flush=True)
