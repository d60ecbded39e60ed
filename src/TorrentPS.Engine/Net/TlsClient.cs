using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace TorrentPS.Engine.Net;

/// <summary>Makes TLS connections with one policy: the system decides which certificates to trust, using only what the server sends.</summary>
internal static class TlsClient
{
    /// <summary>Starts TLS on a connection; on failure the connection is closed.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="host">The name or address for which the certificate must be valid.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="CertificateRefusedException">The certificate is not accepted.</exception>
    /// <exception cref="AuthenticationException">The handshake failed for another reason.</exception>
    public static async Task<Stream> SecureAsync(Stream stream, string host, CancellationToken cancellationToken)
    {
        var secure = new SslStream(stream);
        try
        {
            await secure.AuthenticateAsClientAsync(Options(host), cancellationToken).ConfigureAwait(false);
            return secure;
        }
        catch (AuthenticationException exception) when (CertificateRefusedException.From(host, exception) is { } refusal)
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw refusal;
        }
        catch
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // A certificate can contain addresses of its issuer, of revocation lists and of OCSP responders. The system would fetch from them by itself: whatever they are, from
    // any address of ours, and without the proxy. No stranger may cause that.
    private static SslClientAuthenticationOptions Options(string host) => new()
    {
        TargetHost = host,
        CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
    };
}
