/** Keys of the wire contract and of older editions that are accepted and do nothing here (yet). Listed, not matched: a misspelling is still told. */

const NAMES: Readonly<Record<string, string>> = {
  server: 'read_timeout write_timeout read_buffer_size write_buffer_size auto_close_after',
  mediamtx: `config_path override_mediamtx_paths base_url health_check_url retry_attempts retry_delay health_check_interval
    health_failure_threshold health_circuit_breaker_timeout health_max_backoff_interval health_recovery_confirmation_threshold
    health_check_timeout backoff_base_multiplier backoff_jitter_range process_termination_timeout process_kill_timeout
    record_part_duration record_segment_duration record_delete_after`,
  'mediamtx.connection_pool': 'max_idle_conns max_idle_conns_per_host idle_conn_timeout',
  'mediamtx.circuit_breaker': 'failure_threshold recovery_timeout max_failures',
  'mediamtx.stream_readiness': `timeout retry_attempts retry_delay check_interval max_check_interval initial_check_interval
    enable_progress_notifications graceful_fallback controller_ticker_interval stream_manager_ticker_interval path_manager_retry_intervals`,
  'mediamtx.health_monitor_defaults': 'check_interval max_backoff_delay shutdown_timeout',
  'mediamtx.rtsp_monitoring': `enabled check_interval connection_timeout session_timeout max_connections bandwidth_threshold
    packet_loss_threshold jitter_threshold`,
  camera: `detection_timeout enable_capability_detection auto_start_streams capability_retry_interval capability_max_retries
    max_event_handler_goroutines event_handler_timeout`,
  recording: `enabled format quality max_size auto_cleanup max_age default_rotation_size default_retention_days
    record_format process_timeout default_page_size max_page_size`,
  'ffmpeg.snapshot': 'process_creation_timeout execution_timeout internal_timeout retry_attempts retry_delay',
  'ffmpeg.recording': 'process_creation_timeout execution_timeout internal_timeout retry_attempts retry_delay',
  'ffmpeg.fallback_defaults': 'retry_delay process_creation_timeout execution_timeout max_backoff_delay',
  'notifications.websocket': 'delivery_timeout retry_attempts retry_delay cleanup_interval',
  'notifications.real_time': 'camera_status_interval connection_health_check',
  'performance.response_time_targets': `snapshot_capture recording_start recording_stop file_listing snapshot start stop listing`,
  'performance.snapshot_tiers': `tier1_usb_direct_timeout tier2_rtsp_ready_check_timeout tier3_activation_timeout
    tier3_activation_trigger_timeout total_operation_timeout immediate_response_threshold acceptable_response_threshold
    slow_response_threshold`,
  'performance.optimization': 'enable_caching cache_ttl max_concurrent_operations connection_pool_size',
  security: 'cors_methods cors_headers cors_credentials',
  storage: 'default_path',
  api_key_management: `encryption_key rotation_enabled rotation_interval admin_interface admin_port backup_enabled backup_path
    backup_interval`,
  http_health: 'read_timeout write_timeout idle_timeout',
  server_defaults: 'camera_monitor_ticker health_port',
  '': 'api_base_url',
  node: 'id',
  redis: 'host port namespace key',
  collector: `interval_seconds version_refresh_seconds forward_refresh_seconds output_refresh_seconds output_json_path
    ignore_path_prefixes`,
  bitrate: 'min_dt smooth_alpha smooth_reference_seconds ttl ignore_loopback',
  system_monitor: 'redis_key output_json_path interval_seconds',
  api_server: 'listen_host listen_port static_dir index_file',
  frontend: 'snapshot_refresh_ms streamlist_refresh_ms',
}

export const KNOWN_WITHOUT_MEANING: ReadonlySet<string> = new Set(
  Object.entries(NAMES).flatMap(([section, names]) =>
    names.split(/\s+/).map((name) => (section === '' ? name : `${section}.${name}`)),
  ),
)

/** Variables of the prefix that are no keys: read elsewhere, by clients of older editions, or by their scripts. */
export const OTHER_VARIABLES: ReadonlySet<string> = new Set(
  'CONFIG ENV ENABLE_HOT_RELOAD HOST PORT WS_PATH HEALTH_PORT HEALTH_PATH'.split(/\s+/).map((name) => `CAMERA_SERVICE_${name}`),
)
