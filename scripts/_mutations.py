"""Bugs to plant: in which file, which text becomes which, and the tests that must notice (`scripts/mutate`)."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """A bug: one text of a file, which occurs there once, replaced by another."""

    file: str
    """Below `datastore_sdk`."""
    old: str
    new: str
    tests: str
    """Below `tests`, with blanks in between; at least one test of them must fail."""


M = Mutation

MUTATIONS = (
    # Retries, deadlines, limits
    M(
        "transport/executor/retry.py",
        "attempt >= self.max_attempts",
        "attempt > self.max_attempts",
        "transport/executor/test_deadlines.py",
    ),
    M("transport/executor/retry.py", "return idempotent or not error.sent", "return True", "faults/test_matrix.py"),
    M(
        "transport/executor/retry.py",
        "return max(wait, retry_after) if retry_after <= self.max_wait else None",
        "return wait",
        "transport/executor/test_retry.py",
    ),
    M(
        "transport/executor/retry.py",
        "elapsed + wait <= self.max_seconds",
        "True",
        "transport/executor/test_deadlines.py",
    ),
    M(
        "_io/deadline.py",
        "return seconds if left is None else min(seconds, left)",
        "return seconds",
        "_io/test_deadline.py",
    ),
    M(
        "transport/executor/call.py",
        "wait is None or (self.deadline and wait > self.deadline.remaining())",
        "wait is None",
        "transport/executor/test_deadlines.py",
    ),
    M(
        "transport/executor/call.py",
        "        self.attempt_number = 1\n        self._started",
        "        self._started",
        "data",
    ),
    M(
        "transport/executor/concurrency.py",
        "MAX_CALLS_PER_ENDPOINT = 3",
        "MAX_CALLS_PER_ENDPOINT = 4",
        "transport/executor/test_concurrency.py",
    ),
    M(
        "transport/executor/concurrency.py",
        "        if self._own is not None:",
        "        if False:",
        "transport/executor/test_concurrency.py client/test_shared_state.py",
    ),
    M(
        "_io/semaphore.py",
        "slot.available_at = max(slot.available_at, monotonic() + COOLDOWN_SECONDS)",
        "slot.since = monotonic()",
        "_io/test_semaphore.py data/streaming/test_suspended_streams.py",
    ),
    M("_io/semaphore.py", "            future.result().release()", "            pass", "_io/test_semaphore.py"),
    M("_io/responses.py", "max(0.0, date - now)", "min(0.0, date - now)", "_io/test_responses.py"),
    # Tokens and secrets
    M("_utils/redaction.py", "text = self._pattern.sub(STARS, text)", "pass", "transport/test_secrets.py"),
    M(
        "_utils/redaction.py",
        r'rf"(?:\\*{re.escape(character)}',
        r'rf"(?:{re.escape(character)}',
        "transport/test_secrets.py instrumentation/test_logs.py",
    ),
    M("_utils/redaction.py", "cause.__traceback__ = None", "pass", "instrumentation/test_logs.py"),
    M(
        "auth/client_credentials.py",
        "RENEWAL_MARGIN_SECONDS = 10.0",
        "RENEWAL_MARGIN_SECONDS = 0.0",
        "auth/test_client_credentials.py",
    ),
    M(
        "auth/client_credentials.py",
        "            if token := self._current():\n                return token\n            if self._failure",
        "            if self._failure",
        "auth/test_client_credentials.py",
    ),
    M(
        "auth/client_credentials.py",
        "if issued and issued.token == rejected:",
        "if issued:",
        "auth/test_client_credentials.py faults/test_environments.py",
    ),
    M(
        "auth/client_credentials.py",
        "started < self._failed_at + FAILURE_HOLD_SECONDS",
        "began < self._failed",
        "auth/test_client_credentials.py",
    ),
    M(
        "auth/client_credentials.py",
        "cached.access_token == self._rejected",
        "not kept",
        "auth/test_token_cache.py",
    ),
    # Records
    M(
        "data/streaming/json_splitter.py",
        'return end == b"]" if',
        "return True if",
        "data/streaming/test_json_splitter.py",
    ),
    M(
        "data/streaming/json_splitter.py",
        "if not error.at_end:",
        "if error.at_end:",
        "data/streaming/test_json_splitter.py",
    ),
    M(
        "data/streaming/json_decoder.py",
        'if value == "Infinity":',
        "if value is None:",
        "data/streaming/test_json_splitter.py",
    ),
    M(
        "data/streaming/json_decoder.py",
        "if own == sum(1 for _ in _INFINITY_VALUE.finditer(text)):",
        "if own:",
        "data/streaming/test_body_kinds.py",
    ),
    M(
        "data/writers/csv_writer.py",
        "if _NULL_IN_STRING.search(block):",
        "if False:",
        "data/streaming/test_body_kinds.py",
    ),
    M(
        "data/streaming/json_prefix.py",
        "if incomplete:  # a character",
        "if not incomplete:  # a character",
        "data/streaming/test_corrupt_json.py",
    ),
    M(
        "data/streaming/request_plan.py",
        "self._request_rest(tracker.latest)",
        "return False",
        "data/streaming/test_resume.py",
    ),
    M(
        "data/streaming/request_plan.py",
        "self._ranges.append(_Range(first, second, shares_last=True))",
        "pass",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/request_plan.py",
        "return self._divide(_MIN_SHARED_SLICE_SECONDS if shared else 1)",
        "return False",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/request_plan.py",
        "replace(self._ranges[0], first=covered.last)",
        "_Range(None, 0, shares_last=False)",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/request_plan.py",
        "last = int(started)",
        "last = int(started) - 3600",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/dedup.py",
        "return self._order.by_time and self._order.interleaved",
        "return self._order.by_time",
        "data/streaming/test_record_orders.py",
    ),
    M("data/streaming/dedup.py", "or self._spilled_latest == self.latest", "", "data/streaming/test_record_orders.py"),
    M(
        "data/streaming/dedup.py",
        "            self.by_time = False\n        if second",
        "            pass\n        if second",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/delivered_texts.py",
        "self._lengths += map(len, texts)",
        "pass",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/delivery_index.py",
        "digest = ? AND seen < ?",
        "digest = ? AND ? IS NOT NULL",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/record_identity.py",
        "option=orjson.OPT_SORT_KEYS",
        "option=0",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/record_identity.py",
        "return math.floor(timestamp // unit)",
        "return math.floor(timestamp)",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/record_filter.py",
        "want and second != self._shared",
        "want",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/record_filter.py",
        "parse_id(site) in (None, self._site)",
        "True",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/resume.py",
        "if missing := self._tracker.count_missing():",
        "if missing := 0:",
        "data/streaming/test_record_orders.py",
    ),
    M(
        "data/streaming/parallel.py",
        "shares_last_second=True",
        "shares_last_second=False",
        "data/streaming/test_parallel.py",
    ),
    M("data/streaming/parallel.py", "yield from CancelPrefetch(prefetch)", "pass", "data/streaming/test_parallel.py"),
    M(
        "data/query.py",
        "return round_to_second(self.start, up=True), round_to_second(self.end, up=False)",
        "return round_to_second(self.start, up=False), round_to_second(self.end, up=False)",
        "entities/test_get_data.py data",
    ),
    # Files
    M("data/writers/csv_writer.py", "text.replace('\"', '\"\"')", "text", "data/writers/test_csv_writer.py"),
    M(
        "data/writers/csv_writer.py",
        'padding = b"," * (len(columns) - max(segment.width, 1))',
        'padding = b""',
        "data/writers/test_csv_writer.py",
    ),
    M(
        "data/writers/csv_writer.py",
        "is_open ^= line.count(b'\"') % 2 == 1",
        "pass",
        "data/writers/test_csv_writer.py",
    ),
    M(
        "data/writers/csv_writer.py",
        '    if text == b"null":\n        return b""\n',
        "",
        "data/writers/test_csv_writer.py",
    ),
    M("data/saving/journal.py", "if crc32(body) != int(fields[4], 16):", "if False:", "data/saving/test_journal.py"),
    M("data/saving/journal.py", 'crc32(header, crc32(b"%d" % offset))', "crc32(header)", "data/saving/test_journal.py"),
    M(
        "data/saving/journal.py",
        "                self._file.truncate(self._end)",
        "                pass",
        "data/saving/test_journal.py",
    ),
    M("data/saving/journal.py", "        self._file.close()\n", "        pass\n", "data/saving/test_journal.py"),
    # Coverage reports
    M("data/coverage/integer_set.py", "self._pages.get(page, 0) | (", "(", "data/coverage/test_integer_set.py"),
    M(
        "data/coverage/collector.py",
        "self._names -= received",
        "self._names.clear()",
        "data/coverage/test_report.py",
    ),
    M("data/coverage/builder.py", ">= self._min_gap", "> self._min_gap", "data/coverage/test_report.py"),
    M(
        "data/coverage/builder.py",
        "min(last, max(int(self._executor.clock.now()), (received.last or 0) + self._step - 1))",
        "last",
        "data/coverage/test_report.py",
    ),
    M(
        "data/saving/save.py",
        "observe(codec, stream(codec))",
        "stream(codec)",
        "data/coverage/test_report.py",
    ),
    M(
        "data/coverage/stage_intervals.py",
        'for site in sites or () if site.get("pad_id") == pad',
        "for site in sites or ()",
        "data/coverage/test_report.py",
    ),
    M(
        "data/saving/resumable.py",
        "is_complete = not entry.texts",
        "is_complete = False",
        "data/saving/test_resumable.py",
    ),
    M("data/saving/resumable.py", "end, tracker = start, None", "tracker = None", "data/saving/test_resumable.py"),
    M("data/saving/fingerprint.py", '"service": executor.base_url', '"service": ""', "data/saving/test_resumable.py"),
    M(
        "data/saving/atomic_file.py",
        "            if not overwrite:\n                raise\n            hidden",
        "            hidden",
        "data/saving/test_files.py",
    ),
    # Objects
    M("_utils/validation.py", "if value.utcoffset() is None:", "if False:", "entities"),
    M(
        "_utils/validation.py",
        "if (number := validate_int(value, what, kind)) < 1:",
        "if (number := validate_int(value, what, kind)) < 0:",
        "entities",
    ),
    M(
        "entities/data_change.py",
        'return all(parse_id(get_value(change, "id")) != self.id for change in changes)',
        "return True",
        "entities/test_data_change.py",
    ),
    M("entities/intervals.py", "max(end for end in ends if end)", "each.end", "entities/test_data_change.py"),
    M(
        "entities/data_change.py",
        'if parse_id(get_value(change, "id")) == self.id), None)',
        "if change), None)",
        "entities/test_data_change.py",
    ),
    M(
        "entities/base.py",
        '{**(self.__pydantic_private__ or {}), "_is_complete": True}',
        "self._build_private_state(None, complete=True)",
        "entities",
    ),
    M(
        "entities/resource.py",
        "return response if as_dict else kind.from_api_model(response, client)",
        "return response if as_dict else kind.from_api_model(response)",
        "entities",
    ),
    M(
        "entities/list_queries.py",
        "list_states(**values, current_state_search=name)",
        "list_states(**values)",
        "entities/test_filters.py",
    ),
    # Responses that do not match the contract
    M(
        "_io/tolerant_parser.py",
        '            _note("missing", place, "", notes)',
        "            raise KeyError(key)",
        "transport/executor/test_lenient_parsing.py",
    ),
    M(
        "_io/tolerant_parser.py",
        "return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)",
        "return timestamp",
        "transport/executor/test_lenient_parsing.py",
    ),
    M(
        "_io/tolerant_parser.py",
        "if not _is_model(of) or _is_shaped(of, value):",
        "if True:",
        "transport/executor/test_lenient_parsing.py response_mutations",
    ),
    M(
        "_io/tolerant_parser.py",
        "            sent.add(name)\n",
        "",
        "transport/executor/test_lenient_parsing.py response_mutations",
    ),
    M(
        "_io/tolerant_parser.py",
        'next_page = envelope[key], envelope.get("next")',
        "next_page = envelope[key], None",
        "transport/executor/test_lenient_parsing.py",
    ),
    M(
        "_io/responses.py",
        "    if not strict:\n",
        "    if True:\n",
        "transport/executor/test_lenient_parsing.py transport/executor/test_response_validation.py",
    ),
    M(
        "_io/responses.py",
        'is_write = operation.method != "GET" and operation.authenticated',
        "is_write = False",
        "faults/test_matrix.py",
    ),
    M(
        "transport/executor/pagination.py",
        "if not same or there.scheme not in _PORTS:",
        "if False:",
        "transport/executor/test_lenient_parsing.py",
    ),
    M(
        "transport/executor/pagination.py",
        "if following.target in self._known:",
        "if False:",
        "transport/executor/test_lenient_parsing.py",
    ),
    M(
        "transport/executor/schema_drift.py",
        "mode == LOG and not deviation.is_addition",
        "mode == LOG",
        "transport/executor/test_schema_drift.py",
    ),
    M(
        "transport/executor/response_body.py",
        "removeprefix(_BOM), None",
        'removeprefix(b""), None',
        "transport/executor/test_lenient_parsing.py data transport/executor/test_response_body.py",
    ),
    M(
        "entities/base.py",
        "            if name in values and type(values[name]) is not int:",
        "            if False:",
        "transport/executor/test_lenient_parsing.py",
    ),
    M(
        "entities/intervals.py",
        '            log.warning("The records of',
        '            raise\n            log.warning("The records of',
        "transport/executor/test_lenient_parsing.py entities",
    ),
    # Objects that do not match the filters
    M(
        "entities/matching.py",
        "if value is not None and not rule.fits(value):",
        "if False:",
        "entities/test_matching.py",
    ),
    M(
        "entities/matching.py",
        "lambda value: parse_id(value) in fitting",
        "lambda value: value in fitting",
        "entities/test_matching.py",
    ),
    M("_io/json_body.py", " and len(value) <= _MAX_DIGITS", "", "entities/test_matching.py"),
    M("entities/matching.py", 'parse_value(AwareDatetime, value, "").value', "value", "entities/test_matching.py"),
    M(
        "entities/site_membership.py",
        "if candidate is None or not (yield from _has_site(candidate, site_id)):",
        "if candidate is None:",
        "entities/test_matching.py entities/test_relations.py",
    ),
    M(
        "entities/site_membership.py",
        "if actual_pad_id not in {None, pad_id}:",
        "if False:",
        "entities/test_matching.py",
    ),
    M("entities/stage.py", 'has_id("id", *stages_here)', 'has_id("id", *sites)', "entities/test_matching.py"),
    M(
        "entities/resource.py",
        'check_object(response, [has_id("id", id)], operation, client)',
        "pass",
        "entities/test_matching.py",
    ),
    M(
        "entities/realtime_base.py",
        "(client, self._room_path(), stream_options, self._api_model, build, belongs=belongs)",
        "(client, self._room_path(), stream_options, self._api_model, build)",
        "realtime/sockets/test_mismatches.py",
    ),
    M(
        "entities/filter_validation.py",
        "    validate_not_empty(value, what)\n    return check(value, what)",
        "    return check(value, what)",
        "entities/test_filters.py",
    ),
    # Live data
    M(
        "realtime/source_sequence.py",
        "missing = range(self.last + self._step, second)",
        "missing = range(self.last + self._step, second - 1)",
        "realtime/test_backfill.py realtime/test_resampled.py",
    ),
    M(
        "realtime/source_sequence.py",
        "if index < 0 or self._holes[index][1] < second:\n            return False",
        "if index < 0:\n            return False",
        "realtime/test_backfill.py realtime/test_same_second.py",
    ),
    M(
        "realtime/sequence_tracker.py",
        "index, records, ordered = 0, self._sort(records[index - 1 :]), True",
        "index, records, ordered = 0, records[index - 1 :], True",
        "realtime/test_backfill.py",
    ),
    M("realtime/source_sequence.py", "return len(digests) > before", "return False", "realtime/test_same_second.py"),
    M(
        "realtime/sequence_tracker.py",
        "other = sent - repeated",
        "other = set[Position]()",
        "realtime/test_same_second.py",
    ),
    M(
        "realtime/session.py",
        "is_new = not hashes <= self._first_messages",
        "is_new = True",
        "realtime/test_reconnect.py",
    ),
    M("realtime/session.py", "else self._short_connections + 1", "else 0", "realtime/test_reconnect.py"),
    M("realtime/session.py", "seconds >= _MAX_UNDECODED_SECONDS", "False", "realtime/test_reconnect.py"),
    M("data/saving/save.py", "                unfinished.flush()\n", "", "realtime/test_live.py"),
    M(
        "data/saving/recovery.py",
        "        for source in sources:\n            with source",
        "        for source in sources[:1]:\n            with source",
        "realtime/test_recovery.py",
    ),
    M(
        "data/saving/recovery.py",
        "yield [record for line in lines for record in _decode_line(line, codec, path)]",
        "pass",
        "realtime/test_recovery.py",
    ),
    M("realtime/field_check.py", "            self._missing = {}\n", "", "realtime/sockets/test_field_check.py"),
    M(
        "realtime/field_check.py",
        "self._records >= _MIN_RECORDS",
        "True",
        "realtime/sockets/test_field_check.py",
    ),
    M(
        "realtime/history_filter.py",
        "live += self._filter_lagging(record, second, source, now)",
        "pass",
        "realtime/test_history.py",
    ),
    M(
        "realtime/history_filter.py",
        "_MAX_DRIFT_SECONDS, 2 * self._step",
        "1e9, 2 * self._step",
        "realtime/test_history.py",
    ),
    M("realtime/backfill.py", "self._tracker.on_disconnect()", "pass", "realtime/test_backfill.py"),
    M(
        "realtime/backfill.py",
        "for wait in (0.0, *_RETRY_WAITS_SECONDS):",
        "for wait in (0.0,):",
        "realtime/test_backfill.py",
    ),
    M(
        "realtime/backfill.py",
        "            self._gaps.report(build_gap(seconds, name, self._reason))",
        "            pass",
        "realtime/test_backfill.py",
    ),
    M(
        "realtime/backfill.py",
        "self._counters.backfilled - before > _MAX_IN_TRANSIT",
        "False",
        "realtime/test_backfill.py",
    ),
    M("realtime/buffer.py", "            self.dropped += excess\n", "", "realtime/test_live.py"),
    M(
        "realtime/buffer.py",
        "            self.return_items(request.result())",
        "            pass",
        "realtime/test_buffer.py",
    ),
    M(
        "realtime/exclusivity.py",
        "            self._claimed -= keys",
        "            pass",
        "realtime/test_exclusivity.py",
    ),
    M("realtime/decoder.py", "            self._counters.unreadable += 1\n", "", "realtime/test_decoder.py"),
    # The sandbox
    M(
        "sandbox/api/concurrency.py",
        "self._under_way[key] >= self._limit",
        "self._under_way[key] > self._limit",
        "sandbox",
    ),
    M(
        "sandbox/api/acknowledgements.py",
        "correction.id not in self._received[client]",
        "True",
        "sandbox/api/test_data_changes.py",
    ),
    M(
        "sandbox/faults/registry.py",
        "            self._to_skip -= 1\n            return False",
        "            self._to_skip -= 1",
        "sandbox/faults/test_http_faults.py",
    ),
    M(
        "sandbox/api/fault_middleware.py",
        "await (self._carry_out(request) if fault.processed else request.body())",
        "await request.body()",
        "sandbox/faults/test_http_faults.py faults/test_matrix.py",
    ),
    M(
        "sandbox/api/uvicorn_server.py",
        "            connection.transport.abort()",
        "            pass",
        "sandbox/test_server.py",
    ),
    M(
        "sandbox/api/uvicorn_server.py",
        "self._loop.call_soon_threadsafe(self._stopping.set)",
        "pass",
        "sandbox/test_server.py",
    ),
    # Drift and the command
    M(
        "drift/traffic/validator.py",
        "for key in sorted(schema.required - value.keys()):",
        "for key in ():",
        "drift/traffic/test_traffic.py drift/test_drift_cases.py",
    ),
    M(
        "drift/traffic/validator.py",
        "elif not schema.is_open:",
        "elif False:",
        "drift/traffic/test_traffic.py drift/test_drift_cases.py",
    ),
    M("drift/diff/schemas.py", "if before.nullable != after.nullable:", "if False:", "drift/diff/test_schema_rules.py"),
    M(
        "_utils/redaction.py",
        "HIDDEN if isinstance(item, str) and is_secret_name(key) else _redact_strings(item)",
        "_redact_strings(item)",
        "drift testing",
    ),
    M("drift/report.py", "return ReportStatus.BREAKING_DRIFT", "return ReportStatus.DRIFT", "cli/test_app.py"),
    M("cli/doctor.py", "return 0 if _is_healthy(results) else 1", "return 0", "cli/test_doctor.py"),
    M(
        "cli/app.py",
        "    return COULD_NOT_RUN\n\n\ndef _invoke",
        "    return 0\n\n\ndef _invoke",
        "cli/test_app.py",
    ),
)
