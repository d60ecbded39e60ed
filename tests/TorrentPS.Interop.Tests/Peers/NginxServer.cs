using System.Net;
using TorrentPS.Interop.Tests.Harness;

namespace TorrentPS.Interop.Tests.Peers;

/// <summary>nginx as a web seed: it serves a folder.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    private readonly ExternalProcess _process;

    private NginxServer(Uri root, string log, ExternalProcess process) => (Root, Log, _process) = (root, log, process);

    public Uri Root { get; }

    /// <summary>The path of its log, with a line per request: status, bytes sent, connection and path.</summary>
    public string Log { get; }

    /// <param name="folder">The folder that it serves.</param>
    /// <param name="temp">The parent folder of its own files.</param>
    /// <param name="limit">The limit of each connection in bytes per second; 0 means no limit.</param>
    /// <param name="certify">Creates a certificate for its address, and returns the paths of it and its key, for https; null for http.</param>
    public static async Task<NginxServer> StartAsync(string folder, TempFolder temp, int limit = 0, Func<IPAddress, (string Certificate, string Key)>? certify = null)
    {
        string nginx = Installed.Require("nginx", "nginx");
        IPEndPoint endPoint = Loopback.Next();
        string own = temp.Folder($"nginx-{Guid.NewGuid():n}");
        (string Certificate, string Key)? certificate = certify?.Invoke(endPoint.Address);
        string log = Path.Combine(own, "access.log");
        // As root it would become "www-data", which may not read the folders of the tests.
        string user = Environment.UserName == "root" ? "user root;" : "";
        await File.WriteAllTextAsync(Path.Combine(own, "nginx.conf"), $$"""
            {{user}}
            daemon off; worker_processes 1; pid {{own}}/pid; error_log stderr;
            events {}
            http {
                client_body_temp_path {{own}}/body; proxy_temp_path {{own}}/proxy; fastcgi_temp_path {{own}}/fastcgi; uwsgi_temp_path {{own}}/uwsgi; scgi_temp_path {{own}}/scgi;
                log_format short '$status $body_bytes_sent $connection $uri'; access_log {{log}} short;
                server { listen {{endPoint}}{{(certificate is { } tls ? $" ssl; ssl_certificate {tls.Certificate}; ssl_certificate_key {tls.Key}" : "")}}; root {{folder}}; {{(limit > 0 ? $"limit_rate {limit};" : "")}} }
            }
            """, TestContext.Current.CancellationToken);
        ExternalProcess process = ExternalProcess.Start(nginx, ["-p", own, "-c", Path.Combine(own, "nginx.conf"), "-e", "stderr"], own);
        await process.UntilAsync(() => Loopback.ListensAsync(endPoint), Limits.Start, "nginx listens");
        return new NginxServer(new Uri($"{(certificate is null ? "http" : "https")}://{endPoint}/"), log, process);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
