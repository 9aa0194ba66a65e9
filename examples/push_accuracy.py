"""Push the accuracy of a model to jipyo: python push_accuracy.py MODEL DATASET CORRECT LABELLED."""

import http.client
import os
import sys

model, dataset, correct, labelled = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
page = f'jipyo_model_accuracy_ratio{{model="{model}",dataset="{dataset}"}} {correct / labelled}\n'
jipyo = http.client.HTTPConnection(os.environ.get("JIPYO", "127.0.0.1:9797"), timeout=10)
jipyo.request("PUT", f"/metrics/job/evaluation/model/{model}/dataset/{dataset}", page)
sys.exit(0 if jipyo.getresponse().status == 200 else "not stored")
