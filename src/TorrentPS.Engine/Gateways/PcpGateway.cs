using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Gateways;

/// <summary>A gateway with the Port Control Protocol (RFC 6887), or its predecessor NAT-PMP (RFC 6886) if that is all it supports.</summary>
internal sealed class PcpGateway(GatewayExchange exchange) : IPortGateway
{
    /// <summary>The requested lifetime, as both protocols recommend (RFC 6886, 3.3).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(2);

    private readonly Dictionary<ProtocolType, (PortRequest Request, byte[] Nonce)> _asked = [];
    private bool _isOld;

    /// <inheritdoc/>
    public string Name => $"{(_isOld ? "NAT-PMP" : "PCP")} gateway {exchange.Gateway.Address}";

    /// <inheritdoc/>
    public IPAddress? ExternalAddress { get; private set; }

    /// <inheritdoc/>
    public async Task<MappedPort> MapAsync(PortRequest request, CancellationToken cancellationToken)
    {
        byte[] nonce = _asked.TryGetValue(request.Protocol, out (PortRequest, byte[] Nonce) known) ? known.Nonce : RandomNumberGenerator.GetBytes(PcpMessage.NonceLength);
        _asked[request.Protocol] = (request, nonce);
        try
        {
            GatewayAnswer answer = await AskAsync(request, nonce, Lifetime, cancellationToken).ConfigureAwait(false);
            if (!_isOld && answer.Result == PcpMessage.UnsupportedVersion)
            {
                _isOld = true;
                answer = await AskAsync(request, nonce, Lifetime, cancellationToken).ConfigureAwait(false);
            }

            if (answer.Result != 0)
                throw new GatewayException($"the {Name} maps no {request.Name} port: {(_isOld ? NatPmpMessage.Describe(answer.Result) : PcpMessage.Describe(answer.Result))}", answer.Result);
            if (answer.External == 0 || answer.Lifetime <= TimeSpan.Zero)
                throw new GatewayException($"the {Name} answers without a port");
            ExternalAddress = answer.Address ?? ExternalAddress ?? await AskAddressAsync(cancellationToken).ConfigureAwait(false);
            return new MappedPort(answer.External, answer.Lifetime);
        }
        catch (GatewayException)
        {
            _asked.Remove(request.Protocol);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task RemoveAsync(CancellationToken cancellationToken) => Task.WhenAll(_asked.Values.ToArray().Select(async asked =>
    {
        try
        {
            await AskAsync(asked.Request, asked.Nonce, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is GatewayException or OperationCanceledException)
        {
            // the mapping expires
        }
    }));

    private Task<GatewayAnswer> AskAsync(PortRequest request, byte[] nonce, TimeSpan lifetime, CancellationToken cancellationToken) => _isOld
        ? exchange.AskAsync(_ => NatPmpMessage.Write(request, lifetime), datagram => NatPmpMessage.Read(datagram, request), cancellationToken)
        : exchange.AskAsync(own => PcpMessage.Write(request, own, nonce, lifetime), datagram => PcpMessage.Read(datagram, request, nonce), cancellationToken);

    /// <summary>NAT-PMP has a separate request for the external address; it is only for the log, and nothing depends on it.</summary>
    private async Task<IPAddress?> AskAddressAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await exchange.AskAsync(_ => NatPmpMessage.WriteAddressRequest(), NatPmpMessage.ReadAddress, cancellationToken).ConfigureAwait(false)).Address;
        }
        catch (GatewayException)
        {
            return null;
        }
    }
}
