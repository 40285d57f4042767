"""A nightly run as a DAG of Airflow: change the paths, or set them as environment variables of the worker.

Exit codes 3 (an input or the machine) and 130 (interrupted) are retried; 1 and 2 need somebody and fail at once.
"""

import json
import os
import subprocess
from datetime import datetime, timedelta

try:  # Airflow 3
    from airflow.sdk import dag, task
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError:
    try:
        from airflow.sdk import dag, task
    except ImportError:  # Airflow 2
        from airflow.decorators import dag, task
    from airflow.exceptions import AirflowException, AirflowFailException

TRUEUP = os.environ.get("TRUEUP", "/usr/local/bin/trueup")
PROJECT = os.environ.get("TRUEUP_PROJECT", "/srv/trueup/service")
OUT = os.environ.get("TRUEUP_OUT", "/srv/warehouse/trueup")
METRICS = os.environ.get("TRUEUP_METRICS", "/var/lib/node_exporter/textfile/trueup.prom")
EVENTS = os.environ.get("TRUEUP_EVENTS", "/var/log/trueup.openlineage.ndjson")
RETRIED = (3, 130)


@dag(
    dag_id="trueup",
    schedule="30 2 * * *",
    start_date=datetime(2017, 10, 1),
    catchup=False,
    # Two runs cannot write to one out folder.
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
)
def trueup():
    @task
    def run() -> str:
        """Returns the folder of the published run."""
        command = [TRUEUP, "run", "--project", PROJECT, "--out", OUT]
        command += ["--metrics", METRICS, "--events", EVENTS, "--format", "json", "--quiet"]
        ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        lines = ended.stderr.splitlines()
        print(*lines, sep="\n")
        if ended.returncode == 0:
            return json.loads(lines[-1])["folder"]
        said = lines[-1] if lines else "nothing was said"
        problem = AirflowException if ended.returncode in RETRIED else AirflowFailException
        raise problem(f"trueup ended with {ended.returncode}: {said[:2000]}")

    run()


trueup()
