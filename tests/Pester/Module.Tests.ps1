#Requires -Version 7.6
BeforeDiscovery {
    $root = Resolve-Path (Join-Path $PSScriptRoot '../..')
    $folder = $env:TORRENTPS_MODULE ?? (Join-Path $root 'out/TorrentPS')
    Import-Module $folder -Force
    $commands = @(Get-Command -Module TorrentPS | ForEach-Object { @{ Name = $_.Name; Command = $_; Root = "$root" } })
}

Describe 'The module' {
    BeforeAll {
        $root = Resolve-Path (Join-Path $PSScriptRoot '../..')
        $folder = $env:TORRENTPS_MODULE ?? (Join-Path $root 'out/TorrentPS')
        Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
        $commands = Get-Command -Module TorrentPS
    }

    It 'has a valid manifest' {
        $manifest = Test-ModuleManifest (Join-Path $folder 'TorrentPS.psd1')
        $manifest.PowerShellVersion | Should -Be ([version]'7.6')
        $manifest.CompatiblePSEditions | Should -Be 'Core'
        $manifest.PrivateData.PSData.Tags | Should -Contain 'BitTorrent'
    }

    It 'exports exactly the cmdlets that its manifest lists' {
        $data = Import-PowerShellDataFile (Join-Path $folder 'TorrentPS.psd1')
        (Get-Module TorrentPS).ExportedCommands.Keys | Sort-Object | Should -Be ($data.CmdletsToExport | Sort-Object)
        (Get-Module TorrentPS).ExportedAliases.Count | Should -Be 0
    }

    It 'ships nothing that PowerShell has itself, and nothing unneeded' {
        Get-ChildItem $folder -Recurse -File | Resolve-Path -RelativeBasePath $folder -Relative | ForEach-Object { $_ -replace '\\', '/' -replace '^\./' } | Sort-Object |
            Should -Be ('CHANGELOG.md', 'en-US/about_TorrentPS_Automation.help.txt', 'en-US/about_TorrentPS.help.txt', 'en-US/TorrentPS.dll-Help.xml', 'icon.png', 'LICENSE',
                'THIRD-PARTY-NOTICES.md', 'TorrentPS.dll', 'TorrentPS.Engine.dll', 'TorrentPS.Format.ps1xml', 'TorrentPS.psd1', 'TorrentPS.Types.ps1xml' | Sort-Object)
    }

    It 'has pure IL assemblies, which load on every system and processor' {
        foreach ($file in Get-ChildItem $folder -Recurse -Filter *.dll) {
            $image = [System.Reflection.PortableExecutable.PEReader]::new([System.IO.File]::OpenRead($file.FullName))
            try {
                $image.PEHeaders.CoffHeader.Machine | Should -Be 'I386' -Because $file.Name
                $image.PEHeaders.CorHeader.Flags.HasFlag([System.Reflection.PortableExecutable.CorFlags]::ILOnly) | Should -BeTrue -Because $file.Name
                $image.PEHeaders.CorHeader.ManagedNativeHeaderDirectory.Size | Should -Be 0 -Because $file.Name
            }
            finally { $image.Dispose() }
        }
    }

    It 'is packed for the Gallery completely, and loads from there beside other modules' {
        if (-not (Get-Command Compress-PSResource -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'Compress-PSResource of Microsoft.PowerShell.PSResourceGet 1.1 is not here'
            return
        }
        # The folder has the module's name, as the Gallery requires.
        Compress-PSResource -Path $folder -DestinationPath $TestDrive
        $package = Get-ChildItem $TestDrive -Filter TorrentPS.*.nupkg
        $unpacked = Join-Path $TestDrive 'unpacked' 'TorrentPS'
        [System.IO.Compression.ZipFile]::ExtractToDirectory($package.FullName, $unpacked)
        $relative = { param($root) Get-ChildItem $root -Recurse -File | ForEach-Object { [System.IO.Path]::GetRelativePath($root, $_.FullName) -replace '\\', '/' } }
        # Beside the module's files there are those of every such package.
        & $relative $unpacked | Where-Object { $_ -notmatch '^(_rels/|package/|\[Content_Types\]\.xml$)' } | Sort-Object | Should -Be (@(& $relative $folder) + 'TorrentPS.nuspec' | Sort-Object)

        $nuspec = ([xml](Get-Content (Join-Path $unpacked 'TorrentPS.nuspec'))).package.metadata
        $data = Import-PowerShellDataFile (Join-Path $folder 'TorrentPS.psd1')
        $nuspec.id, $nuspec.version | Should -Be 'TorrentPS', $data.ModuleVersion
        foreach ($name in 'description', 'authors', 'copyright', 'releaseNotes') { $nuspec.$name | Should -Not -BeNullOrEmpty -Because $name }
        foreach ($tag in $data.PrivateData.PSData.Tags) { " $($nuspec.tags) " | Should -BeLike "* $tag *" }

        $others = 'PSReadLine', 'Pester', 'Microsoft.PowerShell.ThreadJob' | Where-Object { Get-Module $_ -ListAvailable }
        $load = "`$ErrorActionPreference = 'Stop'; Import-Module $($others -join ', '); Import-Module '$unpacked'; (Get-Module TorrentPS).ModuleBase; (Get-Help Get-TorrentInfo).Synopsis"
        Invoke-TestPowerShell -Command $load 2>&1 | Should -Be $unpacked, 'Shows the contents of torrents and magnet links.'
    }

    It 'loads in a new PowerShell beside <_>' -ForEach 'PSReadLine', 'Pester', 'Microsoft.PowerShell.ThreadJob' {
        if (-not (Get-Module $_ -ListAvailable)) {
            Set-ItResult -Skipped -Because "$_ is not here"
            return
        }
        $load = "`$ErrorActionPreference = 'Stop'; Import-Module $_; Import-Module '$folder'; Import-Module $_ -Force; (Get-Command -Module TorrentPS).Count"
        Invoke-TestPowerShell -Command $load 2>&1 | Should -Be ([string]$commands.Count)
    }

    It 'has its about topics' {
        (Get-Help about_TorrentPS) -join "`n" | Should -Match 'SHORT DESCRIPTION'
        (Get-Help about_TorrentPS_Automation) -join "`n" | Should -Match 'SCHEDULED TASKS'
    }

    It 'has an icon of the size that the Gallery shows' {
        $bytes = [System.IO.File]::ReadAllBytes((Join-Path $folder 'icon.png'))
        $bytes[1..3] | Should -Be ([byte[]][char[]]'PNG')
        $bytes[19], $bytes[23] | Should -Be 85, 85
    }

    It 'has the version of its assemblies' {
        (Get-Module TorrentPS).Version.ToString() | Should -Be ([System.Diagnostics.FileVersionInfo]::GetVersionInfo((Join-Path $folder 'TorrentPS.dll')).ProductVersion -replace '[+-].*')
    }
}

Describe '<Name>' -ForEach $commands {
    BeforeAll {
        # Reading it takes long, so once for all.
        $help = Get-Help $Name -Full
        $common = @([System.Management.Automation.PSCmdlet]::CommonParameters) + @([System.Management.Automation.PSCmdlet]::OptionalCommonParameters)
        $own = $Command.Parameters.Values | Where-Object Name -NotIn $common
    }

    It 'declares its output types' {
        $Command.OutputType.Count | Should -BeGreaterThan 0
    }

    It 'has at most one pipeline input in each parameter set' {
        foreach ($set in $Command.ParameterSets) {
            @($set.Parameters | Where-Object ValueFromPipeline).Count | Should -BeLessOrEqual 1 -Because $set.Name
        }
    }

    It 'has help with a synopsis, a description and three examples' {
        $help.Synopsis | Should -Not -Match "^\s*$Name "
        $help.Synopsis.Length | Should -BeGreaterThan 20
        ($help.Description | Out-String).Trim().Length | Should -BeGreaterThan 50
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual 3
    }

    It 'has examples separated from each other' {
        $text = Get-Help $Name -Examples | Out-String -Width 120
        @([regex]::Matches($text, '(?m)^\s*\n\s*--------- Example \d+: .* ---------\s*$')).Count | Should -Be @($help.Examples.Example).Count
    }

    It 'has examples whose commands and parameters exist' {
        foreach ($example in $help.Examples.Example) {
            $errors = $null
            $ast = [System.Management.Automation.Language.Parser]::ParseInput($example.Code, [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty -Because $example.Code
            foreach ($call in $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)) {
                # Commands of this module are all checked; those of others are skipped if they exist on one platform only.
                $known = Get-Command $call.GetCommandName() -ErrorAction Ignore
                if ($known.ModuleName -ne 'TorrentPS') { continue }
                foreach ($element in $call.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] }) {
                    $known.ResolveParameter($element.ParameterName) | Should -Not -BeNullOrEmpty -Because $example.Code
                }
            }
        }
    }

    It 'has a page that names every parameter' {
        $page = Get-Content -Raw (Join-Path $Root "docs/en-US/$Name.md")
        $page | Should -Not -Match '\{\{'
        foreach ($parameter in $Command.Parameters.Keys | Where-Object { $_ -notin [System.Management.Automation.PSCmdlet]::CommonParameters }) {
            $page | Should -Match "(?m)^### -$parameter\r?$"
        }
    }

    It 'has a tool tip for each parameter' {
        foreach ($parameter in $own) { ($parameter.Attributes | Where-Object { $_ -is [Parameter] }).HelpMessage | Should -Not -BeNullOrEmpty -Because $parameter.Name }
    }

    It 'has no parameter of type bool' {
        foreach ($parameter in $own) { $parameter.ParameterType | Should -Not -Be ([bool]) -Because $parameter.Name }
    }

    It 'has help for each parameter' {
        foreach ($parameter in $own) { ($help.parameters.parameter | Where-Object name -EQ $parameter.Name).Description.Text | Should -Not -BeNullOrEmpty -Because $parameter.Name }
    }
}
