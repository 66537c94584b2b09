# What people do with numpy and pandas, as tests/python/areas.py; run_areas.py with `--science`, in an interpreter that has both.

# area: numpy arrays
import numpy as np
a = np.arange(12).reshape(3, 4)
assert a.sum() == 66 and a.mean(axis=0).tolist() == [4, 5, 6, 7] and a[a > 9].tolist() == [10, 11] and a.T.shape == (4, 3)
assert np.allclose(np.linalg.inv([[2.0, 0], [0, 4]]), [[0.5, 0], [0, 0.25]]) and np.dot([1, 2], [3, 4]) == 11 and np.fft.fft([1, 0]).real.tolist() == [1, 1]
r = np.random.default_rng(1); assert r.integers(5, size=3).tolist() == np.random.default_rng(1).integers(5, size=3).tolist() and 0 <= np.random.rand() < 1
assert np.datetime64("2024-02-29").astype("datetime64[M]").astype(str) == "2024-02" and np.array(["a", "b"]).dtype.kind == "U" and np.isnan(np.nan)
s = np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]); assert s["b"][0] == 2.5 and np.vectorize(lambda x: x + 1)([1, 2]).tolist() == [2, 3]
assert np.concatenate([[1], [2]]).tolist() == [1, 2] and np.where(a > 5, 1, 0).sum() == 6 and np.unique([1, 1, 2]).tolist() == [1, 2] and repr(np.array([1, 2])) == "array([1, 2])"
assert np.polyfit([0, 1, 2], [1, 3, 5], 1).round(6).tolist() == [2, 1] and np.einsum("ij->i", a).tolist() == [6, 22, 38] and np.ma.array([1, 2], mask=[0, 1]).sum() == 1

# area: pandas frames
import pandas as pd
df = pd.DataFrame([{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "a", "v": 3}])
assert df.groupby("k")["v"].sum().to_dict() == {"a": 4, "b": 2} and df.query("v > 1").shape == (2, 2) and df.sort_values("v", ascending=False).iloc[0]["v"] == 3
assert df.merge(pd.DataFrame({"k": ["a"], "w": [9]}), on="k")["w"].tolist() == [9, 9] and df.pivot_table(index="k", values="v", aggfunc="mean").loc["a", "v"] == 2
assert df.to_dict("records")[0] == {"k": "a", "v": 1} and df.assign(w=lambda d: d["v"] * 2)["w"].sum() == 12 and df["v"].describe()["max"] == 3 and df.apply(lambda r: r["v"] + 1, axis=1).tolist() == [2, 3, 4]
assert "k  v" in df.to_string() and df.to_json(orient="records").startswith('[{"k":"a"') and df["k"].str.upper().tolist() == ["A", "B", "A"] and df.isna().sum().sum() == 0

# area: pandas input and time
import io
import pandas as pd
df = pd.read_csv(io.StringIO("d,x\n2024-01-01,1\n2024-01-03,\n"), parse_dates=["d"])
assert df["x"].fillna(0).tolist() == [1, 0] and df["d"].dt.day.tolist() == [1, 3] and df.set_index("d").resample("D").sum().shape == (3, 1)
assert pd.date_range("2024-01-01", periods=2, freq="D")[1].day == 2 and (pd.Timestamp("2024-03-01") - pd.Timedelta(days=1)).day == 29 and pd.to_datetime("1.2.2024", dayfirst=True).month == 2
out = io.StringIO(); df.to_csv(out, index=False); assert out.getvalue().startswith("d,x\n") and pd.concat([df, df]).shape == (4, 2) and pd.Series([1, 2]).rolling(2).mean().iloc[1] == 1.5
assert pd.json_normalize([{"a": {"b": 1}}]).columns.tolist() == ["a.b"] and pd.Categorical(["a", "b"]).categories.tolist() == ["a", "b"] and pd.cut([1, 5], [0, 2, 6]).codes.tolist() == [0, 1]

# area: no way to ctypes
import numpy as np
found = [name for name in ("ctypeslib", "ctypes", "sys", "os") if hasattr(np, name)]
assert "sys" not in found and "os" not in found and "ctypes" not in found and not hasattr(np.array([1]), "ctypes"), found
