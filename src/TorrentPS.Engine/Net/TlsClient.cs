using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace TorrentPS.Engine.Net;

/// <summary>Makes connections secure, all by one policy: the system decides whom to trust, by what the server sends alone.</summary>
internal static class TlsClient
{
    /// <summary>Secures a connection; what it takes over it closes when that fails.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="host">The name or address that the certificate has to be for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CertificateRefusedException">The certificate is not accepted.</exception>
    /// <exception cref="AuthenticationException">It fails for another reason.</exception>
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

    // A certificate can name addresses where the one that vouches for it, lists of revoked ones and OCSP responders are. The system would fetch
    // from them by itself: whatever they are, from whatever address of ours, and around the proxy. No stranger is to have us do that.
    private static SslClientAuthenticationOptions Options(string host) => new()
    {
        TargetHost = host,
        CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
    };
}
