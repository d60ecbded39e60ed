using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace TorrentPS.Engine.Net;

/// <summary>The system does not accept a server's certificate; the message is the reason as part of a sentence.</summary>
internal sealed class CertificateRefusedException(string reason, Exception cause) : AuthenticationException(reason, cause)
{
    /// <summary>
    /// Extracts the reason from an exception; null if the certificate was not the cause. The runtime adds it at the end of its message. A validation callback would have
    /// it, too, but it could also accept a certificate that the system refuses, and no code here should be able to.
    /// </summary>
    /// <param name="host">The host of the connection.</param>
    /// <param name="failure">The exception of the runtime.</param>
    public static CertificateRefusedException? From(string host, AuthenticationException failure)
    {
        string flags = failure.Message[(failure.Message.LastIndexOf(':') + 1)..].Trim(' ', '.');
        string? reason = Enum.TryParse(flags, out SslPolicyErrors policy) ? ReasonFor(host, policy) : Enum.TryParse(flags, out X509ChainStatusFlags chain) ? ReasonFor(chain) : null;
        return reason is null ? null : new CertificateRefusedException(reason, failure);
    }

    private static string? ReasonFor(string host, SslPolicyErrors errors) =>
        errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? "it shows no certificate"
        : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $"its certificate is not for '{host}'"
        : null;

    private static string ReasonFor(X509ChainStatusFlags flags)
    {
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return "its certificate, or one that vouches for it, has expired or is not valid yet";
        const string unknown = "its certificate is signed by itself, or by an authority that this system does not trust";
        return flags.HasFlag(X509ChainStatusFlags.UntrustedRoot) ? unknown
            : flags.HasFlag(X509ChainStatusFlags.PartialChain) ? $"{unknown}, or the server leaves out a certificate between"
            : $"its certificate is refused ({flags})";
    }
}
