"""Classifiers from Python; with scikit-learn's own checks where it is installed."""
import json
import os
import pickle
import tempfile
import unittest
import warnings

from support import needs_numpy, numpy as np

import visml

try:
    import sklearn
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.utils.estimator_checks import check_estimator
except ImportError:
    sklearn = None

needs_sklearn = unittest.skipUnless(sklearn, "scikit-learn is not installed")


def clouds(n=60, columns=3):
    """Two clouds, row by row in turn: lists."""
    x = [[((i * 37 + j * 101) % 17) / 17 + i % 2 * (j + 1) for j in range(columns)] for i in range(n)]
    return x, [i % 2 for i in range(n)]


def arrays(labels=(-7, 40), **kind):
    x, y = clouds(**kind)
    return np.array(x, np.float32), np.array(labels)[y]


@needs_numpy
class Learning(unittest.TestCase):
    def test_labels_come_back_as_they_were_given(self):
        for labels in ((-7, 40), ("one", "two"), (False, True), (1.0, 3.0)):
            with self.subTest(labels):
                x, y = arrays(labels)
                c = visml.Classifier("gaussian_naive_bayes").fit(x, y)
                self.assertTrue((c.predict(x) == y).all())
                self.assertEqual(c.classes_.tolist(), list(labels))
                self.assertEqual((c.n_features_in_, c.score(x, y), c.fitted, c.task), (3, 1, True, "classification"))

    def test_rows_are_used_as_they_lie(self):
        x, y = arrays()
        context = visml.Context(threads=1)
        for laid in (x, np.asfortranarray(x), np.ascontiguousarray(np.hstack([x, x]))[:, :3]):
            c = visml.Classifier("gaussian_naive_bayes", context=context).fit(laid, y)
            self.assertTrue(np.shares_memory(laid, np.asarray(visml.classify._matrix(laid, context))))
            self.assertEqual(c.predict_proba(laid).tobytes(), c.predict_proba(x).tobytes())
        self.assertTrue(np.allclose(c.predict_proba(x.astype("f8")[:, ::-1][:, ::-1]), c.predict_proba(x)))

    def test_answers(self):
        x, y = arrays()
        c = visml.Classifier("gaussian_naive_bayes").fit(x, y)
        p, d = c.predict_proba(x), c.decision_function(x)
        self.assertEqual((p.shape, d.shape, c.array("means").shape, c.array("none")), ((60, 2), (60,), (2, 3), None))
        self.assertTrue(((d > 0) == (y == 40)).all())
        self.assertTrue(np.allclose(p.sum(1), 1))

    def test_weights(self):
        x, y = arrays()
        w = np.arange(60) % 3
        a = visml.Classifier("gaussian_naive_bayes").fit(x, y, sample_weight=w)
        b = visml.Classifier("gaussian_naive_bayes").fit(np.repeat(x, w, 0), np.repeat(y, w))
        self.assertTrue(np.allclose(a.array("variances").numpy(), b.array("variances").numpy(), rtol=1e-12))
        for weighting in ("balanced", {40: 3.0}):
            c = visml.Classifier("gaussian_naive_bayes").fit(x[:-9], y[:-9], class_weight=weighting)
            self.assertTrue(np.allclose(c.array("priors").numpy(), [0.5, 0.5] if weighting == "balanced" else [26 / 101, 75 / 101]))
        with self.assertRaisesRegex(ValueError, "class_weight"):
            a.fit(x, y, class_weight="heavy")

    def test_partial_fit(self):
        x, y = arrays(("a", "b"))
        a, b = visml.Classifier("gaussian_naive_bayes").fit(x, y), visml.Classifier("gaussian_naive_bayes")
        for i in range(60):
            b.partial_fit(x[i:i + 1], y[i:i + 1], classes=["a", "b"])
        self.assertEqual(a.array("variances").tobytes(), b.array("variances").tobytes())
        self.assertEqual(b.classes_.tolist(), ["a", "b"])
        with self.assertRaisesRegex(ValueError, "'c'"):
            b.partial_fit(x[:1], ["c"])
        self.assertFalse(hasattr(visml.Classifier("k_neighbors"), "partial_fit"))

    def test_rows_from_a_source(self):
        x, y = arrays()
        a = visml.Classifier("gaussian_naive_bayes").fit(x, y)
        b = visml.Classifier("gaussian_naive_bayes").fit_rows(lambda: ((x[i:i + 7], y[i:i + 7]) for i in range(0, 60, 7)))
        self.assertEqual(a.array("variances").tobytes(), b.array("variances").tobytes())
        self.assertTrue((b.predict(x) == y).all())
        with self.assertRaises(ZeroDivisionError):
            b.fit_rows(lambda: ((x, y // 0) for _ in range(1 // 0)))

    def test_progress_that_stops_or_raises(self):
        x, y = arrays()
        c = visml.Classifier("gaussian_naive_bayes")
        with self.assertRaisesRegex(visml.Error, "stopped"):
            c.fit(x, y, progress=lambda *p: True)
        with self.assertRaises(ZeroDivisionError):
            c.fit(x, y, progress=lambda *p: 1 // 0)
        self.assertFalse(c.fitted)

    def test_what_is_wrong_is_named(self):
        x, y = arrays()
        c = visml.Classifier("gaussian_naive_bayes")
        for rows, labels, error, words in ((x[0], y, ValueError, "2D"), (x[:0], y[:0], ValueError, "0 sample"),
                                           (x * np.nan, y, ValueError, "NaN"),
                                           (x, y[:5], ValueError, "one for each row"), (x, None, ValueError, "y is None"),
                                           (x, y + 0.5, ValueError, "continuous"), (x.astype("c8"), y, ValueError, "Complex")):
            with self.subTest(words), self.assertRaisesRegex(error, words):
                c.fit(rows, labels)
        for ask in (c.predict, c.predict_proba, c.decision_function):
            self.assertRaises(Exception, ask, x)
        for name in ("classes_", "n_features_in_"):
            self.assertFalse(hasattr(c, name))
        with self.assertRaisesRegex(ValueError, "2 features"):
            c.fit(x, y).predict(x[:, :2])


@needs_numpy
class Descriptions(unittest.TestCase):
    def test_what_it_is(self):
        c = visml.Classifier("gaussian_naive_bayes", variance_smoothing=0.5, equal_priors=None)
        self.assertEqual(json.loads(c.to_json()), {"class": "gaussian_naive_bayes", "variance_smoothing": 0.5})
        self.assertEqual(repr(c), "Classifier('gaussian_naive_bayes', variance_smoothing=0.5, equal_priors=None)")
        self.assertEqual(c.get_params(), {"name": "gaussian_naive_bayes", "seed": None, "variance_smoothing": 0.5, "equal_priors": None})
        c.set_params(variance_smoothing=0.25)
        self.assertEqual(json.loads(c.to_json())["variance_smoothing"], 0.25)
        with self.assertRaisesRegex(visml.Error, "smooth"):
            visml.Classifier("gaussian_naive_bayes", smooth=1)
        with self.assertRaisesRegex(visml.Error, "gaussian_naive_bayes"):
            visml.Classifier("naive_bayes")

    def test_files_and_copies(self):
        x, y = arrays(("one", "two"))
        c = visml.Classifier("gaussian_naive_bayes", variance_smoothing=np.float64(0.5), seed=3).fit(x, y)
        with tempfile.TemporaryDirectory() as folder:
            c.save(os.path.join(folder, "c.visml"))
            loaded = visml.Classifier.load(os.path.join(folder, "c.visml"))
        self.assertEqual(loaded.predict_proba(x).tobytes(), c.predict_proba(x).tobytes())
        self.assertEqual((loaded.name, loaded.get_params()["variance_smoothing"]), (c.name, 0.5))
        for copy in (pickle.loads(pickle.dumps(c)), pickle.loads(pickle.dumps(visml.Classifier("gaussian_naive_bayes"))).fit(x, y)):
            self.assertTrue((copy.predict(x) == y).all())
        self.assertEqual(pickle.loads(pickle.dumps(c)).get_params(), c.get_params())


@needs_numpy
class Others(unittest.TestCase):
    def test_clusters(self):
        x, _ = arrays()
        c = visml.Classifier("k_means", n_clusters=2, seed=1)
        found = c.fit_predict(x)
        self.assertEqual((c.task, sorted(set(found.tolist())), c.array("centers").shape), ("clustering", [0, 1], (2, 3)))
        self.assertTrue((c.decision_function(x).argmax(1) == found).all())
        self.assertFalse(hasattr(c, "classes_"))
        self.assertTrue(np.allclose(visml.Classifier("gaussian_mixture", n_components=2).fit(x).predict_proba(x).sum(1), 1))

    def test_regression(self):
        x, y = arrays((0.25, 3.5))
        c = visml.Classifier("k_neighbors", task="regression", n_neighbors=1).fit(x, y)
        self.assertEqual((c.predict(x).tolist(), c.score(x, y)), (y.tolist(), 1))

    def test_what_works_by_others(self):
        x, y = arrays(("one", "two"))
        near = visml.Classifier("k_neighbors", n_neighbors=3)
        with self.assertRaisesRegex(visml.Error, "2 weights"):
            visml.Classifier("voting", voting="soft", weights=[1, 2], of=[near, "gaussian_naive_bayes", {"class": "k_neighbors"}])
        c = visml.Classifier("voting", voting="soft", of=[near, visml.Classifier("bagging", of=["gaussian_naive_bayes"])]).fit(x, y)
        self.assertTrue((c.predict(x) == y).all())
        self.assertEqual(json.loads(c.to_json())["of"][1], {"class": "bagging", "of": [{"class": "gaussian_naive_bayes"}]})
        self.assertTrue((pickle.loads(pickle.dumps(c)).predict(x) == y).all())


# What is otherwise on purpose: names and options are looked at when they are given, not only when it learns; and k_neighbors takes no
# weights, which the one class for all has an argument for.
OTHERWISE = {"check_do_not_raise_errors_in_init_or_set_params"}
UNWEIGHED = OTHERWISE | {"check_sample_weights_not_an_array", "check_sample_weights_list", "check_all_zero_sample_weights_error",
                         "check_sample_weights_shape", "check_sample_weights_not_overwritten",
                         "check_sample_weight_equivalence_on_dense_data", "check_classifiers_one_label_sample_weights"}
CHECKED = {"gaussian_naive_bayes": OTHERWISE, "k_neighbors": UNWEIGHED}


@needs_sklearn
class Beside(unittest.TestCase):
    def test_clones_pipelines_and_searches(self):
        x, y = arrays(("one", "two"))
        c = visml.Classifier("gaussian_naive_bayes", variance_smoothing=0.5)
        self.assertEqual(clone(c).get_params(), c.get_params())
        self.assertTrue(is_classifier(c))
        self.assertTrue((cross_val_score(make_pipeline(StandardScaler(), c), x, y, cv=3) == 1).all())
        search = GridSearchCV(c, {"variance_smoothing": [1e-9, 0.1]}, cv=3).fit(x, y)
        self.assertTrue((search.predict(x) == y).all())

    def test_checks_of_scikit_learn(self):
        for name, otherwise in CHECKED.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results = check_estimator(visml.Classifier(name), on_fail=None, on_skip=None)
            failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
            self.assertEqual({n: why for n, why in failed.items() if n not in otherwise}, {}, name)


if __name__ == "__main__":
    unittest.main()
