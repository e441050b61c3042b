"""An evaluator for `nuq auto --eval-server` in Python: derive from AutoNuqEvaluatorBase and call serve().

    class Evaluator(AutoNuqEvaluatorBase):
        def eval_model(self, model_file, weights_file, batch_num):
            return accuracy_of(model_file, weights_file)  # with any framework; larger is better
        def is_satisfied(self, original_metric, new_metric):  # optional: --max-drop otherwise
            return original_metric - new_metric < 0.01

    if __name__ == "__main__":
        Evaluator().serve()

Needs the standard library alone. README.md beside this file is the protocol.
"""

import json
import math
import os
import re
import sys
import traceback

PROTOCOL = 1


class AutoNuqEvaluatorBase:
    evaluate_batch_num = 0  # batches of one evaluation, which eval_model is given; 0: all data
    label = ""  # what the metric depends on besides the command and the model: metrics of a --journal hold for one

    def eval_model(self, model_file, weights_file, batch_num):
        """The metric of a model on `batch_num` batches, 0: all."""
        raise NotImplementedError("eval_model")

    def is_satisfied(self, original_metric, new_metric):
        """Whether the metric of a quantized model is good enough."""
        raise NotImplementedError("is_satisfied")

    def add_batch(self, metric, samples=1):
        """Tells the metric of one batch, within eval_model.  False: the model has clearly failed, and eval_model may
        return at once, whatever number it returns.  Batches are the same, in the same order, for every model."""
        if self._request is None:
            return True  # eval_model was called by hand
        request = self._request
        self._send({"id": request, "batches": [[_finite(metric), samples]]})
        for message in self._messages():
            if "continue" in message:
                self._request = request
                return message["continue"]
            self._answer(message)
        sys.exit("nuq_evaluator: nuq has gone")

    def serve(self):
        """Answers the requests on standard input until it ends.  What is printed goes to standard error from now on,
        since standard output belongs to the answers."""
        self._output = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        for message in self._messages():
            if message["request"] == "shutdown":
                return
            self._answer(message)

    _request = None  # number of the evaluation in hand

    def _messages(self):
        for line in iter(sys.stdin.readline, ""):
            yield json.loads(line)

    def _send(self, message):
        self._output.write(json.dumps(message) + "\n")
        self._output.flush()

    def _answer(self, message):
        try:
            answer = getattr(self, "_answer_" + message["request"])(message)
        except (Exception, SystemExit) as error:  # pylint: disable=broad-except
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        self._send({"id": message["id"], **answer})

    def _answer_hello(self, _):
        judges = type(self).is_satisfied is not AutoNuqEvaluatorBase.is_satisfied
        return {"protocol": PROTOCOL, "batch_num": self.evaluate_batch_num, "is_satisfied": judges, "label": self.label}

    def _answer_evaluate(self, message):
        self._request = message["id"]
        try:
            files = _file_name(message["model"]), _file_name(message["weights"])
            return {"metric": _finite(self.eval_model(*files, message["batch_num"]))}
        finally:
            self._request = None

    def _answer_is_satisfied(self, message):
        return {"satisfied": bool(self.is_satisfied(message["original_metric"], message["new_metric"]))}


def _finite(metric):
    metric = float(metric)  # of a number of numpy, too
    if not math.isfinite(metric):
        raise ValueError(f"the metric is {metric}, wanted a finite number")
    return metric


def _file_name(name):
    """nuq writes a byte 0xNN of a name that is no UTF-8 as U+EFNN."""
    return re.sub("[\uef80-\uefff]", lambda byte: chr(0xDC00 + (ord(byte[0]) & 0xFF)), name)
