using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TorrentPS.Engine.Tests.Swarm.WebSeeds;

/// <summary>Accepts secure connections on loopback, with a generated certificate, for a web server behind it.</summary>
internal sealed class TlsFront : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<IDisposable> _open = [];
    private readonly X509Certificate2 _certificate;
    private readonly int _port;

    public TlsFront(int port, X509Certificate2 certificate)
    {
        (_port, _certificate) = (port, certificate);
        _listener.Start();
        _ = _listener.AcceptAllAsync(socket => _ = ServeAsync(socket));
    }

    public Uri Root => new($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Creates a certificate for an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="days">The start and end of its validity, in days from now.</param>
    /// <param name="isSelfSigned">Whether it is self-signed, or signed by an unknown authority.</param>
    /// <param name="names">The addresses of the authority's certificate, its revocation list and its OCSP responder; null names none.</param>
    public static X509Certificate2 Certificate(string address, (int From, int To) days, bool isSelfSigned, Uri? names = null)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow, from = now.AddDays(days.From), to = now.AddDays(days.To);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={address}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder holders = new();
        if (IPAddress.TryParse(address, out IPAddress? ip))
            holders.AddIpAddress(ip);
        else
            holders.AddDnsName(address);
        request.CertificateExtensions.Add(holders.Build());
        if (names is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([$"{names}ocsp"], [$"{names}authority.crt"]));
            request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([$"{names}revoked.crl"]));
        }

        if (isSelfSigned)
        {
            using X509Certificate2 made = request.CreateSelfSigned(from, to);
            return Usable(made);
        }

        CertificateRequest authority = new("CN=Unknown Authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 issuer = authority.CreateSelfSigned(now.AddDays(-10), now.AddDays(10));
        using X509Certificate2 issued = request.Create(issuer, from, to, [1, 2, 3]);
        using X509Certificate2 whole = issued.CopyWithPrivateKey(key);
        return Usable(whole);
    }

    private static X509Certificate2 Usable(X509Certificate2 made) => X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);

    public void Dispose()
    {
        _listener.Stop();
        foreach (IDisposable open in _open)
            open.Dispose();
        _certificate.Dispose();
    }

    private async Task ServeAsync(Socket socket)
    {
        _open.Add(socket);
        try
        {
            await using SslStream secure = new(new NetworkStream(socket));
            // Offline, since the client must not contact the addresses in the certificate.
            await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, null, offline: true) });
            using TcpClient server = new();
            _open.Add(server);
            await server.ConnectAsync(IPAddress.Loopback, _port);
            await Task.WhenAny(secure.CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(secure));
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or AuthenticationException)
        {
            // Refused, or disconnected.
        }
        finally
        {
            socket.Dispose();
        }
    }
}
