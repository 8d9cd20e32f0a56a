"""Tensors and contexts: what is shared, what is copied, what is refused."""
import array
import gc
import pickle
import unittest
import weakref

from support import needs_numpy, numpy as np

import visml
from visml import tensor as module


class Contexts(unittest.TestCase):
    def test_options(self):
        ctx = visml.Context(threads=2, seed=7, cpu="ref")
        self.assertEqual((ctx.threads, ctx.cpu), (2, ()))

    def test_wrong_options(self):
        with self.assertRaisesRegex(visml.Error, "threads") as caught:
            visml.Context(threads=-1)
        self.assertEqual((caught.exception.code, caught.exception.name), (-1, "VISML_EINVAL"))
        with self.assertRaisesRegex(ValueError, "'sse5'"):
            visml.Context(cpu="sse5")
        with self.assertRaises(TypeError):
            visml.Context(thread=1)

    def test_an_error_can_be_pickled(self):
        with self.assertRaises(visml.Error) as caught:
            visml.Context(threads=-1)
        copy = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((copy.code, copy.message), (caught.exception.code, caught.exception.message))

    def test_memory_is_given_back(self):
        ctx = visml.Context(threads=1)
        before = ctx.memory_used
        t = visml.Tensor.zeros((1000, 10), context=ctx)
        self.assertGreaterEqual(ctx.memory_used, before + 40000)
        del t
        gc.collect()
        self.assertEqual(ctx.memory_used, before)

    def test_memory_limit(self):
        ctx = visml.Context(threads=1, memory_limit=100_000)
        with self.assertRaises(visml.Error) as caught:
            visml.Tensor.zeros((1 << 20,), context=ctx)
        self.assertEqual(caught.exception.name, "VISML_ENOMEM")


class Plain(unittest.TestCase):
    """Without NumPy."""

    def test_zeros(self):
        t = visml.Tensor.zeros((2, 3), "int32")
        self.assertEqual((t.shape, t.dtype, t.strides, t.size, t.ndim, len(t), t.is_contiguous, t.tolist()),
                         ((2, 3), "int32", (3, 1), 6, 2, 2, True, [[0, 0, 0], [0, 0, 0]]))
        self.assertEqual(repr(t), "Tensor(shape=(2, 3), dtype=int32)")

    def test_a_writable_buffer_is_shared(self):
        memory = array.array("f", [1, 2, 3])
        t = visml.Tensor(memory)
        memory[1] = 5
        self.assertEqual((t.dtype, t.tolist()), ("float32", [1, 5, 3]))

    def test_a_read_only_buffer_is_copied(self):
        t = visml.Tensor(b"abc")
        self.assertEqual((t.dtype, t.tolist(), t.tobytes()), ("uint8", [97, 98, 99], b"abc"))

    def test_buffers_of_other_types(self):
        with self.assertRaisesRegex(TypeError, "format 'b'"):
            visml.Tensor(array.array("b", [1]))

    def test_views(self):
        t = visml.Tensor(array.array("i", range(6))).reshape(3, 2)
        self.assertEqual(t[1:].tolist(), [[2, 3], [4, 5]])
        self.assertEqual(t[2:1].shape, (0, 2))
        view = t[:1]
        del t
        self.assertEqual(view.tolist(), [[0, 1]])
        with self.assertRaises(TypeError):
            view[0]
        with self.assertRaisesRegex(visml.Error, r"\[1, 2\]"):
            view.reshape(3)

    def test_conversion(self):
        t = visml.Tensor(array.array("d", [-1.0, 0.5, 1.5, 300.0, float("nan")]))
        self.assertEqual(t.astype("uint8").tolist(), [0, 0, 2, 255, 0])
        self.assertEqual(visml.Tensor(t, "int64").tolist(), [-1, 0, 2, 300, 0])
        with self.assertRaisesRegex(TypeError, "float16"):
            t.astype("float16")

    def test_wrong_shapes(self):
        with self.assertRaisesRegex(ValueError, "9 dimensions"):
            visml.Tensor.zeros((1,) * 9)
        with self.assertRaises(visml.Error):
            visml.Tensor.zeros((-1,))
        with self.assertRaises(visml.Error):
            visml.Tensor.zeros((1 << 40, 1 << 40))

    def test_memory_is_let_go(self):
        count = len(module._borrowed)
        memory = array.array("f", [1, 2, 3])
        t = visml.Tensor(memory)
        view = t[1:]
        del t
        self.assertEqual(len(module._borrowed), count + 1)
        del view
        gc.collect()
        self.assertEqual(len(module._borrowed), count)
        memory.append(4)  # no longer exported

    def test_dlpack_with_itself(self):
        for version in ((1, 0), None):
            t = visml.Tensor(array.array("f", [1, 2, 3, 4])).reshape(2, 2)
            there = visml.from_dlpack(Producer(t, version))
            self.assertEqual((there.shape, there.tolist()), ((2, 2), [[1, 2], [3, 4]]))
            del t
            gc.collect()
            self.assertEqual(there.tolist(), [[1, 2], [3, 4]])

    def test_a_capsule_that_nobody_takes(self):
        ctx = visml.Context(threads=1)
        before = ctx.memory_used
        for version in ((1, 0), None):
            t = visml.Tensor.zeros((100,), context=ctx)
            capsule = t.__dlpack__(max_version=version)
            del t, capsule
            gc.collect()
            self.assertEqual(ctx.memory_used, before)

    def test_a_capsule_is_taken_once(self):
        class Again:
            capsule = visml.Tensor.zeros((2,)).__dlpack__(max_version=(1, 0))

            def __dlpack__(self, **_):
                return self.capsule
        visml.from_dlpack(Again())
        with self.assertRaises(BufferError):
            visml.from_dlpack(Again())


class Producer:
    """Gives its capsule in one version whatever is asked."""

    def __init__(self, tensor, version):
        self.tensor, self.version = tensor, version

    def __dlpack__(self, **_):
        return self.tensor.__dlpack__(max_version=self.version)


@needs_numpy
class NumPy(unittest.TestCase):
    def test_no_copy_in(self):
        for dtype in ("float32", "float64", "uint8", "uint16", "int32", "int64"):
            a = np.arange(12, dtype=dtype).reshape(3, 4)
            t = visml.Tensor(a)
            a[1, 2] = 99
            self.assertEqual((t.dtype, t.shape, t.tolist()), (dtype, (3, 4), a.tolist()))

    def test_no_copy_out(self):
        t = visml.Tensor.zeros((3, 4))
        a = t.numpy()
        a[2, 3] = 7
        self.assertEqual(t.tolist()[2][3], 7)
        del t
        gc.collect()
        self.assertEqual(a[2, 3], 7)
        self.assertTrue(np.shares_memory(a, np.asarray(a.base)))

    def test_strides(self):
        a = np.arange(24, dtype=np.float32).reshape(4, 6)
        for view in (a[::2], a[:, 1:4], a.T, a[::-1], a[:, ::-2], np.broadcast_to(a[0], (3, 6))):
            t = visml.Tensor(view)
            self.assertEqual((t.shape, t.tolist()), (view.shape, view.tolist()))
            self.assertTrue(np.shares_memory(t.numpy(), a))
            np.testing.assert_array_equal(t.numpy(), view)
            self.assertEqual(t.contiguous().tolist(), view.tolist())

    def test_odd_layouts_are_copied(self):
        record = np.zeros(3, dtype=[("a", "u1"), ("b", "<f4")])
        record["b"] = [1, 2, 3]
        self.assertEqual(visml.Tensor(record["b"]).tolist(), [1, 2, 3])

    def test_read_only(self):
        a = np.arange(3, dtype=np.float32)
        a.flags.writeable = False
        t = visml.Tensor(a)
        self.assertTrue(t.readonly)
        self.assertFalse(t.numpy().flags.writeable)
        self.assertFalse(t[1:].numpy().flags.writeable)
        self.assertTrue(visml.Tensor(t).readonly)
        self.assertFalse(t.astype("float32").readonly)
        with self.assertRaises(BufferError):
            t.__dlpack__()
        self.assertTrue(visml.from_dlpack(t).readonly)

    def test_empty_and_without_dimensions(self):
        for shape in ((0,), (3, 0), (0, 3)):
            t = visml.Tensor(np.zeros(shape, np.float32))
            self.assertEqual((t.shape, t.numpy().shape, t.tolist()), (shape, shape, np.zeros(shape).tolist()))
        t = visml.Tensor(np.float32(3))
        self.assertEqual((t.shape, t.tolist(), float(t.numpy())), ((), 3, 3))

    def test_refused_types(self):
        for dtype in ("bool", "float16", "complex64", ">f4", "int8", "U3"):
            with self.assertRaisesRegex(TypeError, "float32, float64"):
                visml.Tensor(np.zeros(2, dtype))

    def test_lists(self):
        self.assertEqual(visml.Tensor([[1.5, 2.5]], "float32").dtype, "float32")

    def test_the_array_lives_as_long_as_the_tensor(self):
        a = np.arange(5, dtype=np.int32)
        watch = weakref.ref(a)
        t = visml.Tensor(a)
        del a
        gc.collect()
        self.assertIsNotNone(watch())
        self.assertEqual(t.tolist(), [0, 1, 2, 3, 4])
        del t
        gc.collect()
        self.assertIsNone(watch())

    def test_dlpack(self):
        t = visml.Tensor.zeros((2, 3))
        a = np.from_dlpack(t)
        t.numpy()[1, 1] = 4
        self.assertEqual(a[1, 1], 4)
        b = np.arange(6, dtype=np.int64).reshape(2, 3)[:, ::2]
        u = visml.from_dlpack(b)
        self.assertEqual(u.tolist(), b.tolist())
        self.assertTrue(np.shares_memory(u.numpy(), b))
        copy = visml.from_dlpack(Copying(t))
        self.assertFalse(np.shares_memory(copy.numpy(), a))


class Copying:
    def __init__(self, tensor):
        self.tensor = tensor

    def __dlpack__(self, **_):
        return self.tensor.__dlpack__(max_version=(1, 0), copy=True)


class Torch(unittest.TestCase):
    def test_both_ways(self):
        try:
            import torch
        except ImportError:
            self.skipTest("PyTorch is not installed")
        t = visml.Tensor.zeros((2, 3))
        x = torch.from_dlpack(t)
        x[1, 2] = 5
        self.assertEqual(t.tolist()[1][2], 5)
        u = visml.from_dlpack(torch.arange(6).reshape(2, 3).t())
        self.assertEqual(u.tolist(), [[0, 3], [1, 4], [2, 5]])


if __name__ == "__main__":
    unittest.main()
